//! Services as istiod sees them: Kubernetes Services and the hosts of ServiceEntries (translation-spec §0.2, §0.3).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use meshc_api::{CreationKey, Timestamp};
use meshc_contract::{ObjectRef, ServiceRef, SpiffeId};
use meshc_diagnostics::Origin;

use crate::{EndpointFact, Mesh, Protocol, Workload};

/// One service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Namespace and fully qualified host (lower case; may be a wildcard).
    pub reference: ServiceRef,
    /// Short name: `metadata.name` of a Kubernetes Service, the host of a ServiceEntry.
    pub name: String,
    /// The object that defines it.
    pub object: ObjectRef,
    /// Where in the tree.
    pub origin: Origin,
    /// When the object was created, if it says so.
    pub created: Option<Timestamp>,
    /// Who registers it.
    pub registry: Registry,
    /// How a host is turned into endpoints.
    pub resolution: Resolution,
    /// Virtual addresses as stated (IP or CIDR text), in order; empty when there is none (istiod's `0.0.0.0`).
    pub addresses: Vec<String>,
    /// Addresses beside the virtual ones: `externalIPs` and what the load balancer reports, in order.
    pub external_addresses: Vec<String>,
    /// Addresses that istiod would allocate to a ServiceEntry without any.
    pub auto_addresses: Option<(Ipv4Addr, Ipv6Addr)>,
    /// Ports in the order of the object.
    pub ports: Vec<ServicePort>,
    /// Pod labels it selects; empty when it selects nothing.
    pub selector: BTreeMap<String, String>,
    /// Labels of the object.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the object.
    pub annotations: BTreeMap<String, String>,
    /// Namespaces that see it: `*`, `.` replaced by the own namespace, `~` nobody.
    pub export_to: BTreeSet<String>,
    /// Whether it is outside of the mesh (`MESH_EXTERNAL`).
    pub mesh_external: bool,
    /// SANs that its object states.
    pub subject_alt_names: Vec<String>,
    /// SPIFFE identities that annotations of a Kubernetes Service state.
    pub service_accounts: Vec<String>,
    /// Host that an ExternalName Service stands for.
    pub external_name: Option<String>,
    /// Hosts of ExternalName Services that stand for this one, sorted.
    pub aliases: Vec<ServiceRef>,
    /// `trafficDistribution` (`PreferClose`, `PreferSameZone`, `PreferSameNode`), if stated.
    pub traffic_distribution: Option<String>,
    /// Whether pods that are not ready are endpoints too.
    pub publish_not_ready_addresses: bool,
    /// Whether only endpoints of the same node count (`internalTrafficPolicy: Local`).
    pub node_local: bool,
    /// Whether a workload selector picks the endpoints (ServiceEntry).
    pub has_workload_selector: bool,
    /// Endpoints as far as the tree tells.
    pub endpoints: Vec<EndpointFact>,
}

/// Who registers a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Registry {
    /// A Kubernetes Service.
    Kubernetes,
    /// A ServiceEntry.
    External,
}

/// How a host is turned into endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// The proxy balances over known endpoints (ClusterIP; ServiceEntry STATIC).
    ClientSide,
    /// The address that was dialled (headless; ServiceEntry NONE).
    Passthrough,
    /// DNS, all addresses.
    Dns,
    /// DNS, one address at a time.
    DnsRoundRobin,
    /// DNS of the host that the request names.
    DynamicDns,
    /// Another name of a host (ExternalName).
    Alias,
}

/// One port of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// Name; may be empty for the only port of a Kubernetes Service.
    pub name: String,
    /// Number.
    pub number: u16,
    /// Port of the endpoints.
    pub target: TargetPort,
    /// Protocol.
    pub protocol: Protocol,
}

/// Port of the endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// Not stated: the number of the service port.
    Same,
    /// A number.
    Number(u16),
    /// The name of a container port.
    Name(String),
}

/// Address under which one proxy sees a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceAddress {
    /// None: istiod's `0.0.0.0`.
    None,
    /// A single address.
    Ip(IpAddr),
    /// A block of addresses, as text (`10.0.0.0/16`).
    Cidr(String),
}

impl Service {
    /// Fully qualified host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.reference.host
    }

    /// Namespace of the object that defines it.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.reference.namespace
    }

    /// Where it stands among services when two of them compete.
    #[must_use]
    pub fn creation_key(&self) -> CreationKey<'_> {
        (self.created, &self.name, self.namespace())
    }

    /// Whether it is a Kubernetes Service without a virtual address on purpose (`clusterIP: None`), or a ServiceEntry
    /// with resolution NONE: the connection goes where the client sent it.
    #[must_use]
    pub fn is_headless(&self) -> bool {
        self.resolution == Resolution::Passthrough
    }

    /// The port with this number.
    #[must_use]
    pub fn port(&self, number: u16) -> Option<&ServicePort> {
        self.ports.iter().find(|port| port.number == number)
    }

    /// The address that a proxy matches connections by (istiod's `GetAddressForProxy`): the first virtual address of an IP
    /// family that the proxy has, else an automatic address where the proxy resolves names itself, else the first virtual
    /// address of any family.
    #[must_use]
    pub fn address_for(&self, workload: &Workload) -> ServiceAddress {
        let fitting = self.addresses_for(workload).into_iter().next();
        let Some(first) = fitting.or_else(|| self.addresses.first().cloned()) else {
            return ServiceAddress::None;
        };
        match first.parse() {
            Ok(address) => ServiceAddress::Ip(address),
            Err(_) => ServiceAddress::Cidr(first),
        }
    }

    /// All addresses under which a proxy sees it (istiod's `GetAllAddressesForProxy`, without `0.0.0.0`).
    #[must_use]
    pub fn addresses_for(&self, workload: &Workload) -> Vec<String> {
        if self.addresses.is_empty() {
            let auto = self.auto_addresses.filter(|_| workload.takes_auto_addresses);
            return auto.map_or_else(Vec::new, |(v4, v6)| match workload.is_ipv6() {
                false => vec![v4.to_string()],
                true => vec![v6.to_string()],
            });
        }
        match self.registry {
            // A ServiceEntry states its addresses for every family; only cluster addresses are filtered.
            Registry::External => self.addresses.clone(),
            Registry::Kubernetes => {
                let fits = |text: &&String| workload.is_ipv6() == text.contains(':');
                self.addresses.iter().filter(fits).cloned().collect()
            }
        }
    }

    /// Names of which the certificate of an endpoint must hold one, sorted: those that the object states, and the
    /// identities of all known endpoints in the trust domain of the mesh and its aliases (translation-spec §3.9, §9.8). Empty
    /// means that every certificate of the mesh will do.
    #[must_use]
    pub fn service_accounts(&self, mesh: &Mesh) -> Vec<String> {
        let stated = self.service_accounts.iter().cloned();
        let endpoints = self.endpoints.iter().filter_map(|endpoint| endpoint.identity.as_ref());
        let known =
            stated.chain(endpoints.map(SpiffeId::to_string)).chain(self.subject_alt_names.iter().cloned());
        sorted(known.flat_map(|name| with_aliases(name, mesh)))
    }
}

/// A name in the trust domain of the mesh stands for the same name in each alias of that trust domain.
fn with_aliases(name: String, mesh: &Mesh) -> Vec<String> {
    let path = name.strip_prefix("spiffe://").and_then(|rest| rest.split_once('/'));
    let Some((domain, path)) = path else { return vec![name] };
    let domains = &mesh.config.trust_domain_aliases;
    if domain != mesh.config.trust_domain && !domains.iter().any(|alias| alias == domain) {
        return vec![name];
    }
    let all = std::iter::once(&mesh.config.trust_domain).chain(domains);
    all.map(|domain| format!("spiffe://{domain}/{path}")).collect()
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{deployment, istio, resolve, service};

    const CAPTURE: &str = "annotations: {proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_DNS_CAPTURE: \"true\"}}'}, labels: {app";

    #[test]
    fn automatic_addresses_are_for_proxies_that_answer_dns() {
        let entry =
            "{hosts: [db.example], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}";
        let fixture = resolve(
            &[
                istio("networking", "ServiceEntry", "shop", "db", entry),
                deployment("shop", "plain"),
                deployment("shop", "dns").replace("labels: {app: dns,", &format!("{CAPTURE}: dns,")),
            ]
            .concat(),
        );
        let service = &fixture.mesh.services[0];
        assert_eq!(service.address_for(fixture.workload("shop.plain")), ServiceAddress::None);
        assert_eq!(service.addresses_for(fixture.workload("shop.dns")), ["240.240.0.1"]);
    }

    #[test]
    fn cluster_addresses_are_of_the_family_of_the_proxy() {
        let addresses = "clusterIP: 10.96.0.1\n  clusterIPs: [10.96.0.1, 'fd00::1']\n  ";
        let yaml = service("shop", "web", "{name: http, port: 80}")
            .replace("spec:\n  ", &format!("spec:\n  {addresses}"));
        let fixture = resolve(&(yaml + &deployment("shop", "web")));
        let service = &fixture.mesh.services[0];
        assert_eq!(service.addresses, ["10.96.0.1", "fd00::1"]);
        assert_eq!(service.addresses_for(fixture.workload("shop.web")), ["10.96.0.1"]);
        let other_family = Service { addresses: vec!["fd00::1".to_owned()], ..Service::clone(service) };
        assert_eq!(other_family.addresses_for(fixture.workload("shop.web")), Vec::<String>::new());
        let address = other_family.address_for(fixture.workload("shop.web"));
        assert_eq!(address, ServiceAddress::Ip("fd00::1".parse().unwrap()));
    }

    #[test]
    fn certificates_name_the_accounts_of_the_endpoints_in_every_trust_domain() {
        let config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'trustDomainAliases: [old]'}\n";
        let fixture = resolve(
            &[service("shop", "web", "{name: http, port: 80}"), deployment("shop", "web"), config.to_owned()]
                .concat(),
        );
        let names = fixture.mesh.services[0].service_accounts(&fixture.mesh);
        assert_eq!(names, ["spiffe://cluster.local/ns/shop/sa/web", "spiffe://old/ns/shop/sa/web"]);
    }

    #[test]
    fn names_that_a_service_entry_states_stand_beside_those_of_its_endpoints() {
        let entry = "{hosts: [a.example], location: MESH_INTERNAL, resolution: STATIC, subjectAltNames: [b, a], \
                      endpoints: [{address: 192.0.2.1, serviceAccount: x}], ports: [{number: 80, name: http, protocol: HTTP}]}";
        let fixture = resolve(&istio("networking", "ServiceEntry", "shop", "a", entry));
        let names = fixture.mesh.services[0].service_accounts(&fixture.mesh);
        assert_eq!(names, ["a", "b", "spiffe://cluster.local/ns/shop/sa/x"]);
    }
}
