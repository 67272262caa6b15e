//! Kubernetes Services as istiod sees them (translation-spec §0.2).

use std::collections::{BTreeMap, BTreeSet};

use meshc_api::kubernetes::{self, IntOrString, ServiceType};
use meshc_api::mesh_config::MeshConfig;
use meshc_api::{Resource, ResourceSet};
use meshc_contract::{ServiceRef, SpiffeId};

use super::surroundings::Surroundings;
use crate::labels::Labels;
use crate::visibility::Visibility;
use crate::{Options, Protocol, Registry, Resolution, Service, ServicePort, TargetPort};

const EXPORT_TO: &str = "networking.istio.io/exportTo";
const TRAFFIC_DISTRIBUTION: &str = "networking.istio.io/traffic-distribution";

/// All Services, without endpoints.
pub(super) fn register(
    resources: &ResourceSet,
    config: &MeshConfig,
    options: &Options,
    surroundings: &Surroundings<'_>,
) -> Vec<Service> {
    resources.services.iter().map(|resource| service(resource, config, options, surroundings)).collect()
}

fn service(
    resource: &Resource<kubernetes::Service>,
    config: &MeshConfig,
    options: &Options,
    surroundings: &Surroundings<'_>,
) -> Service {
    let spec = &resource.spec;
    let namespace = resource.namespace();
    let annotations = &resource.meta.annotations;
    let is_alias = spec.service_type == ServiceType::ExternalName;
    Service {
        reference: reference(resource, options),
        name: resource.name().to_owned(),
        object: resource.object_ref(),
        origin: resource.origin(""),
        created: resource.meta.creation_timestamp,
        registry: Registry::Kubernetes,
        resolution: match spec.service_type {
            ServiceType::ExternalName => Resolution::Alias,
            _ if spec.is_headless() => Resolution::Passthrough,
            _ => Resolution::ClientSide,
        },
        addresses: if is_alias { Vec::new() } else { addresses(resource, options) },
        external_addresses: external_addresses(resource),
        auto_addresses: None,
        ports: spec.ports.iter().map(port).collect(),
        selector: if is_alias { BTreeMap::new() } else { spec.selector.clone() },
        labels: resource.meta.labels.clone(),
        annotations: annotations.clone(),
        export_to: export_to(annotations, namespace, config),
        mesh_external: false,
        subject_alt_names: Vec::new(),
        service_accounts: service_accounts(annotations, namespace, config),
        external_name: spec.external_name.clone().filter(|name| is_alias && !name.is_empty()),
        aliases: Vec::new(),
        traffic_distribution: traffic_distribution(
            spec.traffic_distribution.as_deref(),
            annotations,
            namespace,
            surroundings,
        ),
        publish_not_ready_addresses: spec.publish_not_ready_addresses,
        node_local: spec.internal_traffic_policy.as_deref() == Some("Local"),
        has_workload_selector: false,
        endpoints: Vec::new(),
    }
}

/// Namespace and host of a Service.
pub(super) fn reference(resource: &Resource<kubernetes::Service>, options: &Options) -> ServiceRef {
    let namespace = resource.namespace().to_owned();
    let host = format!("{}.{namespace}.svc.{}", resource.name(), options.domain).to_lowercase();
    ServiceRef { namespace, host }
}

fn addresses(resource: &Resource<kubernetes::Service>, options: &Options) -> Vec<String> {
    let stated = stated_addresses(&resource.spec);
    if !needs_address(&resource.spec) {
        return stated.cloned().collect();
    }
    let locked = options.lock.service(resource.namespace(), resource.name());
    locked.iter().map(ToString::to_string).collect()
}

/// The cluster addresses that a Service states, each once.
pub(super) fn stated_addresses(spec: &kubernetes::Service) -> impl Iterator<Item = &String> {
    let mut seen: BTreeSet<&String> = BTreeSet::new();
    let stated = spec.cluster_ip.iter().chain(&spec.cluster_ips);
    stated.filter(move |ip| !ip.is_empty() && *ip != "None" && seen.insert(ip))
}

/// Whether the API server gives a Service an address that the tree does not state.
pub(super) fn needs_address(spec: &kubernetes::Service) -> bool {
    let has_none = spec.service_type == ServiceType::ExternalName || spec.is_headless();
    !has_none && stated_addresses(spec).next().is_none()
}

fn external_addresses(resource: &Resource<kubernetes::Service>) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    if let Some(ingress) = resource.document.get("status.loadBalancer.ingress") {
        for entry in ingress.items() {
            let stated = [entry.get("ip"), entry.get("hostname")].into_iter().flatten();
            addresses.extend(stated.filter_map(|value| value.as_str()).map(str::to_owned));
        }
    }
    addresses.extend(resource.spec.external_ips.iter().cloned());
    addresses
}

fn port(port: &kubernetes::ServicePort) -> ServicePort {
    let name = port.name.clone().unwrap_or_default();
    let udp = port.protocol == kubernetes::Protocol::Udp;
    ServicePort {
        protocol: Protocol::of_kubernetes_port(port.port, &name, udp, port.app_protocol.as_deref()),
        number: port.port,
        target: match &port.target_port {
            Some(IntOrString::String(name)) if !name.is_empty() => TargetPort::Name(name.clone()),
            Some(number) => number.port().map_or(TargetPort::Same, TargetPort::Number),
            None => TargetPort::Same,
        },
        name,
    }
}

fn export_to(annotations: &Labels, namespace: &str, config: &MeshConfig) -> BTreeSet<String> {
    let stated = annotations.get(EXPORT_TO).into_iter().flat_map(|text| text.split(','));
    let stated: Vec<String> =
        stated.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    Visibility::with_default(&stated, &config.default_service_export_to, namespace).into_set()
}

fn service_accounts(annotations: &Labels, namespace: &str, config: &MeshConfig) -> Vec<String> {
    let list = |annotation: &str| {
        let text = annotations.get(annotation).map_or("", String::as_str);
        text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut accounts = list("alpha.istio.io/canonical-serviceaccounts");
    accounts.extend(list("alpha.istio.io/kubernetes-serviceaccounts").into_iter().map(|service_account| {
        let trust_domain = config.trust_domain.clone();
        SpiffeId { trust_domain, namespace: namespace.to_owned(), service_account }.to_string()
    }));
    accounts
}

/// Where traffic should stay: the annotation of the object, else its field, else the annotation of its namespace.
pub(super) fn traffic_distribution(
    field: Option<&str>,
    annotations: &Labels,
    namespace: &str,
    surroundings: &Surroundings<'_>,
) -> Option<String> {
    let inherited = surroundings.namespace_annotation(namespace, TRAFFIC_DISTRIBUTION);
    let stated = annotations.get(TRAFFIC_DISTRIBUTION).map(String::as_str).or(field).or(inherited)?;
    // "Any" is how an object takes back what its namespace states.
    (!stated.eq_ignore_ascii_case("Any") && !stated.is_empty()).then(|| stated.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::fixture::{resolve, service};
    use crate::{Protocol, Resolution};

    #[test]
    fn annotations_and_status_say_what_the_spec_does_not() {
        let yaml = service("ns", "web", "{name: grpc-api, port: 80}, {name: sync, port: 3868, protocol: SCTP}, {port: 53, name: dns, protocol: UDP}")
            .replace(
                "namespace: ns}",
                "namespace: ns, annotations: {networking.istio.io/exportTo: '., other', networking.istio.io/traffic-distribution: PreferSameZone, \
                 alpha.istio.io/kubernetes-serviceaccounts: 'a,b'}}",
            )
            .replace("spec:\n", "spec:\n  externalIPs: [192.0.2.9]\n  internalTrafficPolicy: Local\n")
            + "status: {loadBalancer: {ingress: [{ip: 192.0.2.1}, {hostname: lb.example}]}}\n";
        let fixture = resolve(&yaml);
        let service = &fixture.mesh.services[0];
        assert_eq!(service.export_to.iter().map(String::as_str).collect::<Vec<_>>(), ["ns", "other"]);
        assert_eq!(service.external_addresses, ["192.0.2.1", "lb.example", "192.0.2.9"]);
        assert_eq!(service.traffic_distribution.as_deref(), Some("PreferSameZone"));
        assert_eq!(
            service.service_accounts,
            ["spiffe://cluster.local/ns/ns/sa/a", "spiffe://cluster.local/ns/ns/sa/b"]
        );
        assert!(service.node_local && service.resolution == Resolution::ClientSide);
        let protocols: Vec<_> = service.ports.iter().map(|port| port.protocol).collect();
        assert_eq!(protocols, [Protocol::Grpc, Protocol::Unsupported, Protocol::Udp]);
    }
}
