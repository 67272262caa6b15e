//! ServiceEntries: one service for each host and address (translation-spec §0.3).

use std::collections::BTreeMap;

use meshc_api::mesh_config::{MeshConfig, Visibility as Bound};
use meshc_api::{Resource, ResourceSet, istio};
use meshc_contract::ServiceRef;

use super::auto_addresses::Allocated;
use super::kubernetes_services::traffic_distribution;
use super::registered::RegisteredService;
use super::surroundings::Surroundings;
use crate::visibility::Visibility;
use crate::{Protocol, Registry, Resolution, Service, ServicePort, TargetPort, addresses};

/// All services of ServiceEntries, in the order of the objects.
pub(super) fn register(
    resources: &ResourceSet,
    config: &MeshConfig,
    surroundings: &Surroundings<'_>,
    allocated: &Allocated,
) -> Vec<RegisteredService> {
    let mut services = Vec::new();
    for resource in &resources.service_entries {
        let first = |host: &str| service(resource, host, config, surroundings, allocated);
        for service in resource.spec.hosts.iter().map(|host| first(host)) {
            let created = resource.meta.creation_timestamp;
            let single = |address: &String| Service {
                addresses: vec![addresses::normalize(address)],
                ..service.clone()
            };
            let stated: Vec<Service> = resource.spec.addresses.iter().map(single).collect();
            let services_of_host = if stated.is_empty() { vec![service] } else { stated };
            services
                .extend(services_of_host.into_iter().map(|service| RegisteredService { created, service }));
        }
    }
    services
}

/// Namespace and host of a service of a ServiceEntry.
pub(super) fn reference(resource: &Resource<istio::ServiceEntry>, host: &str) -> ServiceRef {
    let host = host.trim_end_matches('.').to_lowercase();
    ServiceRef { namespace: resource.namespace().to_owned(), host }
}

/// Resolution of a ServiceEntry.
pub(super) fn resolution(spec: &istio::ServiceEntry) -> Resolution {
    match spec.resolution {
        None | Some(istio::Resolution::None) => Resolution::Passthrough,
        Some(istio::Resolution::Static) => Resolution::ClientSide,
        Some(istio::Resolution::Dns) => Resolution::Dns,
        Some(istio::Resolution::DnsRoundRobin) => Resolution::DnsRoundRobin,
        Some(istio::Resolution::DynamicDns) => Resolution::DynamicDns,
    }
}

fn service(
    resource: &Resource<istio::ServiceEntry>,
    host: &str,
    config: &MeshConfig,
    surroundings: &Surroundings<'_>,
    allocated: &Allocated,
) -> Service {
    let spec = &resource.spec;
    let reference = reference(resource, host);
    let annotations = &resource.meta.annotations;
    Service {
        name: reference.host.clone(),
        object: resource.object_ref(),
        origin: resource.origin(""),
        registry: Registry::External,
        resolution: resolution(spec),
        addresses: Vec::new(),
        external_addresses: Vec::new(),
        auto_addresses: allocated.of(resource, &reference.host),
        ports: ports(spec),
        selector: BTreeMap::new(),
        labels: resource.meta.labels.clone(),
        annotations: annotations.clone(),
        export_to: visibility(resource, config, surroundings).into_set(),
        mesh_external: spec.location != Some(istio::Location::MeshInternal),
        subject_alt_names: spec.subject_alt_names.clone(),
        service_accounts: Vec::new(),
        external_name: None,
        aliases: Vec::new(),
        traffic_distribution: traffic_distribution(None, annotations, resource.namespace(), surroundings),
        publish_not_ready_addresses: false,
        node_local: false,
        has_workload_selector: spec.workload_selector.is_some(),
        endpoints: Vec::new(),
        reference,
    }
}

/// Ports with a number; validation reports others.
fn ports(spec: &istio::ServiceEntry) -> Vec<ServicePort> {
    let port = |port: &istio::ServicePort| {
        Some(ServicePort {
            name: port.name.clone().unwrap_or_default(),
            number: number(port.number)?,
            target: number(port.target_port).map_or(TargetPort::Same, TargetPort::Number),
            protocol: port.protocol.as_deref().map_or(Protocol::Unsupported, Protocol::parse),
        })
    };
    spec.ports.iter().filter_map(port).collect()
}

/// A port number that is one.
pub(super) fn number(number: Option<u32>) -> Option<u16> {
    number.and_then(|number| u16::try_from(number).ok()).filter(|number| *number != 0)
}

/// Who sees a ServiceEntry: what it states, within the bound of the mesh.
fn visibility(
    resource: &Resource<istio::ServiceEntry>,
    config: &MeshConfig,
    surroundings: &Surroundings<'_>,
) -> Visibility {
    let namespace = resource.namespace();
    let default = &config.default_service_export_to;
    let stated = Visibility::with_default(&resource.spec.export_to, default, namespace);
    match bound(namespace, config, surroundings) {
        Bound::Public => stated,
        Bound::None => Visibility::Nobody,
        Bound::Namespace => match stated {
            Visibility::Namespaces(names) if !names.contains(namespace) => Visibility::Nobody,
            Visibility::Nobody => Visibility::Nobody,
            Visibility::Public | Visibility::Namespaces(_) => Visibility::of(["."], namespace),
        },
    }
}

fn bound(namespace: &str, config: &MeshConfig, surroundings: &Surroundings<'_>) -> Bound {
    let Some(settings) =
        config.service_entry_visibility.as_ref().filter(|settings| settings.apply_to_sidecars)
    else {
        return Bound::Public;
    };
    let labels = surroundings.namespace_labels(namespace);
    let policy = settings.policies.iter().find(|policy| {
        policy
            .matching_rules
            .iter()
            .any(|rule| rule.namespace_selector.as_ref().is_none_or(|selector| selector.matches(&labels)))
    });
    policy.and_then(|policy| policy.visibility).or(settings.default_visibility).unwrap_or(Bound::Public)
}
