//! From resources to the mesh.

pub(crate) mod auto_addresses;
mod by_labels;
pub(crate) mod cluster_addresses;
mod delegates;
mod endpoints;
mod findings;
mod ingress;
mod injection;
mod kubernetes_services;
mod networks;
mod proxy_settings;
mod registered;
mod registry;
mod service_entries;
mod surroundings;
mod targets;
mod templates;
mod virtual_services;
mod workload_entries;
mod workloads;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::mesh_config::{MeshConfig, MeshInput, MeshNetworks};
use meshc_api::{DEFAULT_NAMESPACE, IstiodFeatures, Resource, ResourceSet};
use meshc_diagnostics::Diagnostics;

pub(crate) use delegates::Sources;

use crate::index::{self, Index};
use crate::{Mesh, Options, ServiceGraph, Workload};
use by_labels::ByLabels;
use networks::StatedNetworks;
use registry::Services;
use surroundings::Surroundings;

/// Resolves every name of the input. Total: what cannot be resolved becomes a diagnostic and stays in the mesh as it is.
#[must_use]
pub fn resolve(
    resources: &ResourceSet,
    input: MeshInput,
    features: IstiodFeatures,
    options: Options,
    diagnostics: &mut Diagnostics,
) -> Mesh {
    let MeshInput { mesh: config, networks: stated } = input;
    let discovered = discovered(resources, &config);
    let resources = &*discovered;
    let given = Settings { config: &config, networks: &stated, features: &features, options: &options };
    let (services, workloads) = services_and_workloads(resources, given, diagnostics);
    let domain = options.domain.as_str();
    let ingress = ingress::make(resources, &config, domain, diagnostics);
    let qualified = resources.virtual_services.iter();
    let mut qualified: Vec<_> = qualified
        .map(|object| virtual_services::qualified(object, domain))
        .chain(ingress.virtual_services)
        .collect();
    qualified.sort_by(|a, b| a.creation_key().cmp(&b.creation_key()));
    let merged = delegates::merge(qualified, &config);
    let mut gateways = shared(&resources.gateways);
    gateways.extend(ingress.gateways.into_iter().map(Arc::new));
    gateways.sort_by(|a, b| a.creation_key().cmp(&b.creation_key()));
    let rules = resources.destination_rules.iter();
    let rules = rules.map(|object| Arc::new(virtual_services::qualified_rule(object, domain))).collect();
    let mut mesh = Mesh {
        networks: networks::gateways(&stated, resources, &services.merged, &options),
        services: services.merged,
        workloads,
        virtual_services: merged.virtual_services,
        destination_rules: rules,
        gateways,
        sidecars: shared(&resources.sidecars),
        peer_authentications: shared(&resources.peer_authentications),
        authorization_policies: shared(&resources.authorization_policies),
        request_authentications: shared(&resources.request_authentications),
        config,
        features,
        options,
        graph: ServiceGraph::default(),
        index: Index::default(),
    };
    mesh.index = Index::new(&mesh, &services.registry, merged.sources);
    mesh.index.scopes = index::scopes(&mesh, mesh.workloads.values());
    let checked = findings::Checked {
        mesh: &mesh,
        registry: &services.registry,
        written: &merged.written,
        dropped: &merged.dropped,
    };
    findings::report(&checked, diagnostics);
    networks::report(&mesh, &stated, diagnostics);
    mesh.graph = ServiceGraph::new(&mesh);
    mesh
}

/// The objects of namespaces that exist for Istio, as `discoverySelectors` of the mesh configuration say: those of others have no
/// effect, and their pods no proxy.
#[must_use]
pub fn discovered<'r>(resources: &'r ResourceSet, config: &MeshConfig) -> Cow<'r, ResourceSet> {
    let selectors = &config.discovery_selectors;
    if selectors.is_empty() {
        return Cow::Borrowed(resources);
    }
    let exists = |name: &str| {
        let namespace = resources.namespaces.iter().find(|namespace| namespace.name() == name);
        let mut labels = namespace.map(|namespace| namespace.meta.labels.clone()).unwrap_or_default();
        // The API server adds it to every namespace.
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.to_owned());
        selectors.iter().any(|selector| selector.matches(&labels))
    };
    let names: BTreeMap<&str, bool> = resources
        .typed_objects()
        .map(|(_, document)| document.namespace().unwrap_or(DEFAULT_NAMESPACE))
        .map(|name| (name, exists(name)))
        .collect();
    Cow::Owned(resources.within(&|name| names.get(name).copied().unwrap_or_else(|| exists(name))))
}

/// What the mesh and the command line say beside the objects.
#[derive(Debug, Clone, Copy)]
struct Settings<'a> {
    config: &'a MeshConfig,
    networks: &'a MeshNetworks,
    features: &'a IstiodFeatures,
    options: &'a Options,
}

fn services_and_workloads(
    resources: &ResourceSet,
    given: Settings<'_>,
    diagnostics: &mut Diagnostics,
) -> (Services, BTreeMap<meshc_contract::WorkloadRef, Arc<Workload>>) {
    let Settings { config, networks, features, options } = given;
    let surroundings = Surroundings::new(resources, config, StatedNetworks::new(networks, options));
    let settings = proxy_settings::ProxySettings::new(resources, config);
    let builder = workloads::Builder { config, features, options, surroundings: &surroundings };
    let templates = templates::collect(resources, &settings, diagnostics);
    let mut workloads: Vec<Arc<Workload>> =
        templates.into_iter().map(|template| Arc::new(builder.workload(template))).collect();
    let (services, targets) = {
        let by_labels =
            ByLabels::new(workloads.iter().map(|workload| (workload.namespace(), &workload.labels)));
        let entries = workload_entries::collect(resources);
        let facts = endpoints::Facts {
            resources,
            config,
            features,
            options,
            surroundings: &surroundings,
            workloads: &workloads,
            workloads_by_labels: &by_labels,
            entries: &entries,
            entries_by_labels: &ByLabels::new(entries.iter().map(|entry| (entry.namespace, &entry.labels))),
        };
        let used = workloads.iter().any(|workload| workload.proxy.is_some() && workload.takes_auto_addresses);
        let lock = &options.lock;
        let allocated = auto_addresses::Allocated::new(resources, features, lock, used, diagnostics);
        cluster_addresses::report_stale(resources, lock, diagnostics);
        let mut registered = kubernetes_services::register(resources, config, options, &surroundings);
        registered.extend(service_entries::register(resources, config, &surroundings, &allocated));
        let services = registry::assemble(registered, &facts.endpoints());
        let targets = targets::find(resources, &services, &workloads, &by_labels);
        (services, targets)
    };
    for (workload, targets) in workloads.iter_mut().zip(targets) {
        if !targets.is_empty() {
            Arc::make_mut(workload).targets = targets;
        }
    }
    let named = workloads.into_iter().map(|workload| (workload.reference.clone(), workload)).collect();
    (services, named)
}

fn shared<T: Clone>(resources: &[Resource<T>]) -> Vec<Arc<Resource<T>>> {
    resources.iter().map(|resource| Arc::new(resource.clone())).collect()
}
