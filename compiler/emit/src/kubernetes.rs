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
mod inject;
mod iptables;
mod kustomization;
mod life_cycle;
mod name;
mod options;
mod overlay;
mod path;
mod pods;
mod probe;
mod tree;

use std::collections::BTreeSet;

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};
use meshc_plan::{HeadlessService, Manifest, Manifests, Plan};
use serde_json::Value;

use self::config_map::ConfigMap;
use self::tree::{Entry, Tree};
use crate::artifact::ArtifactSet;
use crate::{Emitters, yaml};

pub use iptables::{IpFamily, iptables_rules};
pub use options::KubernetesOptions;

/// Largest object that is emitted, in bytes. Kubernetes refuses a ConfigMap above 1 MiB.
const LARGEST_OBJECT: usize = 1_000_000;

/// Emits the set `k8s`.
///
/// `emitters` must be of the same plan; what they have emitted already is not emitted again.
#[must_use]
pub fn emit<'p>(
    plan: &'p Plan,
    manifests: &Manifests,
    options: &KubernetesOptions,
    emitters: &mut Emitters<'p>,
    diagnostics: &mut Diagnostics,
) -> ArtifactSet {
    let mut tree = Tree::default();
    let taken: BTreeSet<&ObjectRef> = manifests.objects.iter().map(|manifest| &manifest.object).collect();
    for manifest in &manifests.objects {
        let injected = manifest.injection.as_ref().and_then(|injection| {
            let proxy = plan.proxies.get(&injection.workload)?;
            Some((injection, proxy))
        });
        let Some((injection, proxy)) = injected else {
            tree.add(entry(manifests, manifest, &manifest.value));
            continue;
        };
        let emitted = emitters.emit(proxy, diagnostics);
        let config = ConfigMap::of(proxy, injection, &emitted);
        let (config_map, size) = config.entry(manifests, manifest);
        if size > LARGEST_OBJECT {
            diagnostics.push(too_large(manifest, &config_map.object, size));
        }
        if taken.contains(&config_map.object) {
            diagnostics.push(name_taken(&config_map.object, &manifest.origin));
        }
        tree.add(config_map);
        let context = inject::Context {
            manifests,
            options,
            manifest,
            injection,
            proxy,
            emitted: &emitted,
            config: &config,
        };
        tree.add(entry(manifests, manifest, &inject::inject(&context, diagnostics)));
    }
    for service in &plan.headless_services {
        let entry = headless_service::entry(service, manifests);
        let HeadlessService { origin, .. } = service;
        if taken.contains(&entry.object) {
            diagnostics.push(name_taken(&entry.object, origin));
        }
        tree.add(entry);
    }
    tree.into_artifacts(&manifests.mesh)
}

fn entry(manifests: &Manifests, manifest: &Manifest, value: &Value) -> Entry {
    Entry {
        object: manifest.object.clone(),
        api_version: value.get("apiVersion").and_then(Value::as_str).unwrap_or_default().to_owned(),
        source: manifests.file(&manifest.origin).unwrap_or_default().to_owned(),
        content: yaml::to_string(value).into(),
    }
}

fn too_large(manifest: &Manifest, object: &ObjectRef, size: usize) -> Diagnostic {
    let message = format!("the configuration of the proxy of {} has {size} bytes", manifest.object);
    let finding = Diagnostic::new(&codes::OBJECT_TOO_LARGE, message)
        .consequence(format!("Kubernetes stores no {} of more than {LARGEST_OBJECT} bytes", object.kind))
        .help(
            "name the hosts that the workload calls in the `egress` of a Sidecar, or narrow `exportTo` of services that it \
             does not call",
        );
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
    match origin {
        Origin::Declared { object, span } => {
            finding.at(*span, "generated for this").about(object.clone(), "")
        }
        Origin::Default { .. } => finding,
    }
}
