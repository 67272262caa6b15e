//! The Kubernetes objects that are emitted again, and what injection does to the pods among them (dataplane.md §4).

mod annotations;
mod capture;
mod checks;
mod cluster_address;
mod istio_injected;
mod name_table;
mod ports;
mod probe;

use std::collections::BTreeMap;

use meshc_api::ResourceSet;
use meshc_contract::ObjectRef;
use meshc_contract::metadata::CONFIG_DIGEST_ANNOTATION;
use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, Sources, codes};
use meshc_model::{Mesh, Workload, WorkloadRole};
use meshc_plan::{Injection, Manifest, Manifests, PodPlace};
use serde_json::Value;

use self::annotations::Complaints;
use self::checks::Spot;

pub(crate) use self::ports::OwnPorts;
pub(crate) use self::probe::bridge;

/// The container of the proxy. Dashboards and people look for this name, and where the input has a container of the name, it
/// states parts of the proxy's.
const PROXY_CONTAINER: &str = "istio-proxy";
/// The container that captures traffic, likewise.
const INIT_CONTAINER: &str = "istio-init";
/// Groups of Gateway API, whose objects are compiled away as Istio's are.
const GATEWAY_API: [&str; 2] = ["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"];

/// Collects the objects of the input that Kubernetes still needs. Every workload that has a proxy in the mesh gets one.
///
/// `sources` gives files their names.
pub fn manifests(
    resources: &ResourceSet,
    mesh: &Mesh,
    sources: &dyn Sources,
    diags: &mut Diagnostics,
) -> Manifests {
    let workloads = by_object(resources, mesh);
    let untyped = resources.passthrough.iter().map(|document| {
        let (group, _) = document.api_version().and_then(|text| text.rsplit_once('/')).unwrap_or_default();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let object = ObjectRef {
            group: group.to_owned(),
            kind: text(document.kind()),
            namespace: text(document.namespace()),
            name: text(document.name()),
        };
        (object, document)
    });
    let mut objects: Vec<Manifest> = Vec::new();
    let mut files = BTreeMap::new();
    for (object, document) in resources.typed_objects().chain(untyped) {
        files.entry(document.file()).or_insert_with(|| sources.path(document.file()).to_owned());
        if !is_emitted(&object.group) {
            continue;
        }
        let mut value = complete(document.to_value(), &object, document.api_version(), document.kind());
        cluster_address::state(mesh, &object, &mut value);
        let place = |path: &str| if path.is_empty() { document.headline() } else { document.span(path) };
        let injection = workloads.get(&object).and_then(|workload| {
            let spot = Spot { object: &object, place: pod_place(&object.kind), span: &place };
            inject(resources, mesh, workload, spot, &mut value, diags)
        });
        objects.push(Manifest {
            origin: Origin::Declared { object: object.clone(), span: document.headline() },
            value,
            injection,
            object,
        });
    }
    objects.sort_by(|a, b| a.object.cmp(&b.object));
    let mesh_id = &mesh.config.default_config.mesh_id;
    Manifests {
        mesh: if mesh_id.is_empty() { &mesh.config.trust_domain } else { mesh_id }.clone(),
        domain: mesh.options.domain.clone(),
        files,
        objects,
    }
}

/// Workloads with a proxy, by the object that has their pods.
fn by_object<'a>(resources: &ResourceSet, mesh: &'a Mesh) -> BTreeMap<ObjectRef, &'a Workload> {
    let proxied = mesh.workloads.values().filter(|workload| workload.proxy.is_some());
    let mut workloads: BTreeMap<ObjectRef, &Workload> =
        proxied.map(|workload| (workload.object.clone(), &**workload)).collect();
    for rollout in &resources.rollouts {
        // The pods of such a Rollout stand in the object that it follows.
        let Some(followed) = rollout.spec.workload_ref.as_ref().filter(|_| rollout.spec.template.is_none())
        else {
            continue;
        };
        if let Some(workload) = workloads.remove(&rollout.object_ref()) {
            let api_version = followed.api_version.as_deref().unwrap_or("apps/v1");
            let object = ObjectRef {
                group: api_version.rsplit_once('/').map_or("", |(group, _)| group).to_owned(),
                kind: followed.kind.clone().unwrap_or_default(),
                namespace: rollout.namespace().to_owned(),
                name: followed.name.clone().unwrap_or_default(),
            };
            workloads.insert(object, workload);
        }
    }
    workloads
}

/// Whether objects of a group are emitted again.
fn is_emitted(group: &str) -> bool {
    !(group.ends_with(".istio.io") || GATEWAY_API.contains(&group))
}

/// The object with everything that identifies it: items of a typed list do not state their kind, and whoever applies the
/// result may have another namespace in mind than the one that was compiled.
fn complete(mut value: Value, object: &ObjectRef, api_version: Option<&str>, kind: Option<&str>) -> Value {
    let Some(fields) = value.as_object_mut() else { return value };
    for (key, text) in [("apiVersion", api_version), ("kind", kind)] {
        fields.insert(key.to_owned(), text.into());
    }
    if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut)
        && !object.namespace.is_empty()
    {
        meta.insert("namespace".to_owned(), object.namespace.as_str().into());
    }
    value
}

fn pod_place(kind: &str) -> PodPlace {
    match kind {
        "Pod" => PodPlace::Object,
        "CronJob" => PodPlace::JobTemplate,
        _ => PodPlace::Template,
    }
}

/// What the pods of an object get. `None` where they have it already.
fn inject(
    resources: &ResourceSet,
    mesh: &Mesh,
    workload: &Workload,
    spot: Spot<'_>,
    value: &mut Value,
    diags: &mut Diagnostics,
) -> Option<Injection> {
    if workload.annotations.contains_key(CONFIG_DIGEST_ANNOTATION) {
        diags.push(already_injected(spot));
        return None;
    }
    let pods = match spot.place {
        PodPlace::Object => Some(&mut *value),
        PodPlace::Template => value.pointer_mut("/spec/template"),
        PodPlace::JobTemplate => value.pointer_mut("/spec/jobTemplate/spec/template"),
    };
    if pods.is_some_and(istio_injected::strip) {
        diags.push(injected_by_istio(spot));
    }
    let mut complaints = Complaints::default();
    let container = annotations::container(workload, &mut complaints);
    let capture = capture::capture(mesh, workload, &mut complaints);
    checks::check(spot, mesh, workload, (capture.as_ref(), complaints), diags);
    let mut names = BTreeMap::new();
    if capture.is_some() {
        checks::pod_security(resources, workload, spot, diags);
        names = name_table::names(mesh, workload, spot, diags);
    }
    Some(Injection {
        workload: workload.reference.clone(),
        place: spot.place,
        labels: labels(workload),
        capture,
        names,
        container,
        serves: workload.proxy == Some(WorkloadRole::Sidecar) && !workload.targets.is_empty(),
        finishes: matches!(spot.object.kind.as_str(), "Job" | "CronJob"),
        scraped: mesh.config.enable_prometheus_merge.unwrap_or(true),
    })
}

/// Labels of the pods with that of their network, which Istio's injector adds too: generated Services select by it.
fn labels(workload: &Workload) -> BTreeMap<String, String> {
    let mut labels = workload.labels.clone();
    if let Some(network) = workload.network.as_ref().filter(|network| !network.is_empty()) {
        labels.entry("topology.istio.io/network".to_owned()).or_insert_with(|| network.clone());
    }
    labels
}

fn already_injected(spot: Spot<'_>) -> Diagnostic {
    let finding = Diagnostic::new(&codes::ALREADY_INJECTED, format!("{} is output of meshc", spot.object))
        .consequence(
            "its pods have a proxy that is configured by an earlier compilation; it is emitted as it is",
        )
        .help("compile the tree that it was made from, and keep the output outside of it");
    spot.at(finding, &format!("metadata.annotations[\"{CONFIG_DIGEST_ANNOTATION}\"]"))
}

fn injected_by_istio(spot: Spot<'_>) -> Diagnostic {
    let message = format!("{} has been injected by Istio; its proxy is replaced", spot.object);
    let finding = Diagnostic::new(&codes::INJECTED_BY_ISTIO, message)
        .consequence("the emitted pods run the proxy of meshc, and Istio's containers and volumes are gone")
        .help("keep the object as it was before `istioctl kube-inject`");
    spot.at(finding, "metadata.annotations[\"sidecar.istio.io/status\"]")
}
