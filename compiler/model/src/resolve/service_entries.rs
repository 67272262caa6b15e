//! ServiceEntries: one service for each host and address (translation-spec §0.3).

use meshc_api::mesh_config::{MeshConfig, Visibility as Bound};
use meshc_api::{Resource, ResourceSet, istio};
use meshc_contract::ServiceRef;

use super::auto_addresses::Allocated;
use super::kubernetes_services::traffic_distribution;
use super::surroundings::Surroundings;
use crate::visibility::Visibility;
use crate::{Protocol, Registry, Resolution, Service, ServicePort, TargetPort, addresses};

/// All services of ServiceEntries, in the order of the objects, without endpoints.
pub(super) fn register(
    resources: &ResourceSet,
    config: &MeshConfig,
    surroundings: &Surroundings<'_>,
    allocated: &Allocated,
) -> Vec<Service> {
    let mut services = Vec::new();
    for resource in &resources.service_entries {
        let first = |host: &str| service(resource, host, config, surroundings, allocated);
        for service in resource.spec.hosts.iter().map(|host| first(host)) {
            let single = |address: &String| Service {
                addresses: vec![addresses::normalize(address)],
                ..service.clone()
            };
            let stated: Vec<Service> = resource.spec.addresses.iter().map(single).collect();
            services.extend(if stated.is_empty() { vec![service] } else { stated });
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
        created: resource.meta.creation_timestamp,
        registry: Registry::External,
        resolution: resolution(spec),
        addresses: Vec::new(),
        external_addresses: Vec::new(),
        auto_addresses: allocated.of(resource, &reference.host),
        ports: ports(spec),
        selector: spec.workload_selector.as_ref().map(|selector| selector.labels.clone()).unwrap_or_default(),
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

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, istio, resolve};
    use crate::{EndpointPlace, Resolution, Service};

    fn only(spec: &str, more: &str) -> Service {
        let fixture = resolve(&(istio("networking", "ServiceEntry", "ns", "e", spec) + more));
        Service::clone(&fixture.mesh.services[0])
    }

    const PORTS: &str = "ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}, {number: 81, name: x, protocol: tcp}]";

    #[test]
    fn a_host_that_dns_resolves_is_its_own_endpoint() {
        let service = only(&format!("{{hosts: [A.Example], resolution: DNS, {PORTS}}}"), "");
        assert_eq!(
            (service.host(), service.resolution, service.mesh_external),
            ("a.example", Resolution::Dns, true)
        );
        let [endpoint] = &service.endpoints[..] else { panic!("one endpoint") };
        assert_eq!(endpoint.place, EndpointPlace::Name("a.example".to_owned()));
        assert_eq!((endpoint.ports.get(&80), endpoint.ports.get(&81)), (Some(&8080), Some(&81)));
    }

    #[test]
    fn endpoints_name_their_own_ports_and_accounts_mean_mutual_tls() {
        let endpoints = "endpoints: [{address: 192.0.2.1, ports: {http: 7}, serviceAccount: s}, {address: 192.0.2.2}, \
                         {address: 192.0.2.3, labels: {security.istio.io/tlsMode: disabled}, serviceAccount: s}]";
        let spec = format!(
            "{{hosts: [a.example], resolution: STATIC, location: MESH_INTERNAL, {endpoints}, {PORTS}}}"
        );
        let service = only(&spec, "");
        let facts =
            service.endpoints.iter().map(|endpoint| (endpoint.ports.get(&80).copied(), endpoint.mtls));
        assert_eq!(facts.collect::<Vec<_>>(), [(Some(7), true), (Some(8080), false), (Some(8080), false)]);
        let identity = service.endpoints[0].identity.as_ref().map(ToString::to_string);
        assert_eq!(identity.as_deref(), Some("spiffe://cluster.local/ns/ns/sa/s"));
    }

    #[test]
    fn a_socket_has_a_path_and_no_port() {
        let ports = "ports: [{number: 80, name: http, protocol: HTTP}]";
        let spec = format!(
            "{{hosts: [a.example], resolution: STATIC, endpoints: [{{address: 'unix:///run/x'}}], {ports}}}"
        );
        let service = only(&spec, "");
        let [endpoint] = &service.endpoints[..] else { panic!("one endpoint") };
        assert_eq!(
            (&endpoint.place, endpoint.ports.get(&80)),
            (&EndpointPlace::Unix("/run/x".to_owned()), Some(&0))
        );
    }

    #[test]
    fn a_selector_picks_pods_and_workload_entries_of_the_namespace() {
        let spec = format!(
            "{{hosts: [a.example], resolution: STATIC, location: MESH_INTERNAL, workloadSelector: {{labels: {{app: w}}}}, {PORTS}}}"
        );
        let entry = |namespace: &str, address: &str| {
            istio(
                "networking",
                "WorkloadEntry",
                namespace,
                "vm",
                &format!("{{address: {address}, labels: {{app: w}}}}"),
            )
        };
        let service =
            only(&spec, &(deployment("ns", "w") + &entry("ns", "192.0.2.1") + &entry("other", "192.0.2.2")));
        let places: Vec<_> =
            service.endpoints.iter().map(|endpoint| endpoint.workload_name.clone().unwrap()).collect();
        assert_eq!(places, ["w", "vm"]);
        // The container port of the same name counts for pods.
        assert_eq!(service.endpoints[0].ports.get(&80), Some(&8080));
    }
}
