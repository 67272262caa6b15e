//! Kubernetes manifests: the objects of the input with the proxy in their pods, its configuration, and generated Services.
//!
//! Enters: a plan, the objects of the input as values, and the emitters of proxies. Leaves: `k8s/`, one object a file, a
//! `kustomization.yaml` in every folder, and `release.json`. Must not know: what Istio's kinds mean, or how the configuration of a proxy is written.
//!
//! Everything that depends on the cluster at run time is left to Kubernetes: the proxy is a native sidecar, its
//! configuration is a ConfigMap of a stable name whose digest stands in the pod template, its certificate is a Secret.

mod annotate;
mod capture;
mod config_map;
mod container;
mod credentials;
mod headless_service;
mod host_aliases;
mod inject;
mod iptables;
mod kustomization;
mod life_cycle;
mod log_folder;
mod name;
mod options;
mod overlay;
mod path;
mod pods;
mod probe;
mod shared_config;
mod tree;

use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};
use meshc_plan::{Injection, Manifest, Manifests, Plan, ProxyPlan};
use serde_json::Value;

use self::config_map::ConfigMap;
use self::shared_config::{SharedConfig, SharedConfigs};
use self::tree::{Entry, Tree};
use crate::artifact::ArtifactSet;
use crate::envoy::{ResourceKind, UsedUpstreams};
use crate::{Emitted, Emitters, Steps, yaml};

pub use iptables::{IpFamily, iptables_rules};
pub use options::KubernetesOptions;

/// Largest object that is emitted, in bytes. Kubernetes refuses a ConfigMap above 1 MiB.
const LARGEST_OBJECT: usize = 1_000_000;

/// Injected objects that are made at once.
const BATCH: usize = 64;

/// Emits the set `k8s`.
///
/// `emitters` must be of the same plan; what they have emitted already is not emitted again. `steps` carries out what is done for
/// each object alone.
#[must_use]
pub fn emit<'p>(
    plan: &'p Plan,
    manifests: &Manifests,
    options: &KubernetesOptions,
    emitters: &mut Emitters<'p>,
    steps: &impl Steps,
    diagnostics: &mut Diagnostics,
) -> ArtifactSet {
    let (mut injected, mut plain) = (Vec::new(), Vec::new());
    for manifest in &manifests.objects {
        match injection(plan, manifest) {
            Some((injection, proxy)) => injected.push((manifest, injection, proxy)),
            None => plain.push(manifest),
        }
    }
    let mut tree = Tree::default();
    for entry in steps.each(&plain, |manifest| entry(manifests, manifest, &manifest.value)) {
        tree.add(entry);
    }
    let used = UsedUpstreams::of(injected.iter().map(|(_, _, proxy)| *proxy));
    let emitted: Vec<Emitted> =
        injected.iter().map(|(_, _, proxy)| emitters.emit_in_use(proxy, &used, diagnostics)).collect();
    let mut shared = SharedConfigs::default();
    for ((manifest, _, proxy), emitted) in injected.iter().zip(&emitted) {
        shared.add(manifest, &proxy.workload.name, emitted);
    }
    let mut generated: Vec<(Entry, &Origin)> = Vec::new();
    // What is between a proxy and its objects takes as much memory as they do, so it is there for a batch of them at a time.
    for (injected, emitted) in injected.chunks(BATCH).zip(emitted.chunks(BATCH)) {
        let configs = config_maps(injected, emitted, &mut shared, steps);
        let with_config = injected.iter().zip(emitted).zip(&configs);
        let contexts: Vec<inject::Context<'_>> = with_config
            .map(|((&(manifest, injection, proxy), emitted), config)| inject::Context {
                manifests,
                options,
                manifest,
                injection,
                proxy,
                emitted,
                config,
            })
            .collect();
        for (&(manifest, _, _), made) in injected.iter().zip(steps.each(&contexts, objects)) {
            let Objects { injected, config, findings } = made;
            tree.add(injected);
            generated.push((config, &manifest.origin));
            diagnostics.append(findings);
        }
    }
    generated.extend(shared.entries(manifests, diagnostics));
    generated.extend(
        plan.headless_services
            .iter()
            .map(|service| (headless_service::entry(service, manifests), &service.origin)),
    );
    let taken: BTreeSet<&ObjectRef> = manifests.objects.iter().map(|manifest| &manifest.object).collect();
    for (entry, origin) in generated {
        if taken.contains(&entry.object) {
            diagnostics.push(name_taken(&entry.object, origin));
        }
        tree.add(entry);
    }
    tree.into_artifacts(&manifests.mesh, steps)
}

/// The proxy that the pods of an object get.
fn injection<'p, 'm>(plan: &'p Plan, manifest: &'m Manifest) -> Option<(&'m Injection, &'p ProxyPlan)> {
    let injection = manifest.injection.as_ref()?;
    Some((injection, plan.proxies.get(&injection.workload)?))
}

/// What is written for one injected object.
struct Objects {
    injected: Entry,
    config: Entry,
    findings: Diagnostics,
}

fn objects(context: &inject::Context<'_>) -> Objects {
    let inject::Context { manifests, manifest, config, .. } = *context;
    let mut findings = Diagnostics::new();
    if config.size() > LARGEST_OBJECT {
        findings.push(too_large(manifest, config.size()));
    }
    let value = inject::inject(context, &mut findings);
    Objects {
        injected: entry(manifests, manifest, &value),
        config: config.entry(manifests, manifest),
        findings,
    }
}

/// An object, what its pods get, and their proxy.
type Injected<'a> = (&'a Manifest, &'a Injection, &'a ProxyPlan);

/// The ConfigMaps of proxies. Lists that others have too stand in ConfigMaps of their own, and those for which there is no room.
fn config_maps<'p>(
    injected: &[Injected<'p>],
    emitted: &'p [Emitted],
    shared: &mut SharedConfigs<'p>,
    steps: &impl Steps,
) -> Vec<ConfigMap> {
    let mut proxies: Vec<(Injected<'p>, &Emitted, Moved)> = Vec::new();
    for (&(manifest, injection, proxy), emitted) in injected.iter().zip(emitted) {
        let namespace = manifest.object.namespace.as_str();
        let moved = emitted.lists().filter_map(|list| Some((list.kind(), shared.of(namespace, list)?)));
        proxies.push(((manifest, injection, proxy), emitted, moved.collect()));
    }
    let mut configs = steps.each(&proxies, |((_, injection, proxy), emitted, moved)| {
        ConfigMap::of(proxy, injection, emitted, moved.clone())
    });
    for (config, ((manifest, injection, proxy), emitted, mut moved)) in configs.iter_mut().zip(proxies) {
        let namespace = manifest.object.namespace.as_str();
        for list in emitted.lists() {
            let here = moved.iter().all(|(kind, _)| *kind != list.kind());
            if here && config.size() > LARGEST_OBJECT {
                moved.extend(shared.make_room(namespace, list).map(|config| (list.kind(), config)));
                *config = ConfigMap::of(proxy, injection, emitted, moved.clone());
            }
        }
    }
    configs
}

/// Lists that a proxy reads from ConfigMaps of their own.
type Moved = Vec<(ResourceKind, Arc<SharedConfig>)>;

fn entry(manifests: &Manifests, manifest: &Manifest, value: &Value) -> Entry {
    Entry {
        object: manifest.object.clone(),
        api_version: value.get("apiVersion").and_then(Value::as_str).unwrap_or_default().to_owned(),
        source: manifests.file(&manifest.origin).unwrap_or_default().to_owned(),
        content: yaml::to_string(value).into(),
    }
}

/// How proxies get less to store.
const NARROW: &str = "name the hosts that a workload calls in the `egress` of a Sidecar, or narrow `exportTo` of services that it \
                      does not call";

fn too_large(manifest: &Manifest, size: usize) -> Diagnostic {
    let message = format!("the configuration of the proxy of {} has {size} bytes", manifest.object);
    let finding = Diagnostic::new(&codes::OBJECT_TOO_LARGE, message)
        .consequence(format!("Kubernetes stores no ConfigMap of more than {LARGEST_OBJECT} bytes"))
        .help(NARROW);
    at_origin(finding, &manifest.origin)
}

fn name_taken(object: &ObjectRef, origin: &Origin) -> Diagnostic {
    let finding = Diagnostic::new(
        &codes::GENERATED_NAME_TAKEN,
        format!("the tree has a {object}, which meshc generates"),
    )
    .consequence("one of the two objects replaces the other; proxies do not find what they need")
    .help("rename the object of the tree, or remove it if it is output of meshc");
    at_origin(finding, origin)
}

/// Adds where a generated object comes from.
fn at_origin(finding: Diagnostic, origin: &Origin) -> Diagnostic {
    finding.at_origin(origin, "generated for this")
}
