//! Services: their addresses, their names, and what kube-proxy does for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use super::cluster::Cluster;
use super::pods::PodPlan;
use super::types::{IntOrString, ServicePort, ServiceSpec};
use crate::LiveError;
use crate::dns::Zone;
use crate::echo::EchoProtocol;

/// The first cluster IP that is given to a Service that states none.
const FIRST_CLUSTER_IP: Ipv4Addr = Ipv4Addr::new(10, 96, 1, 1);

/// Every Service of a cluster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Services {
    services: Vec<Service>,
}

#[derive(Debug, Clone)]
struct Service {
    namespace: String,
    name: String,
    /// Absent: headless, or an alias.
    cluster_ip: Option<Ipv4Addr>,
    spec: ServiceSpec,
}

impl Services {
    /// Reads the Services and gives an address to each that states none, in the order of their names.
    pub(crate) fn of(cluster: &Cluster) -> Result<Self, LiveError> {
        let mut services = Vec::new();
        for object in cluster.of_kind("Service") {
            let spec: ServiceSpec = object.part(&object.value["spec"])?;
            let stated = spec.cluster_ip.as_deref().and_then(|address| address.parse().ok());
            let (namespace, name) = (object.namespace().to_owned(), object.metadata.name.clone());
            services.push(Service { namespace, name, cluster_ip: stated, spec });
        }
        services.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        let taken: BTreeSet<Ipv4Addr> = services.iter().filter_map(|service| service.cluster_ip).collect();
        let mut free =
            (u32::from(FIRST_CLUSTER_IP)..).map(Ipv4Addr::from).filter(|address| !taken.contains(address));
        for service in
            services.iter_mut().filter(|service| service.cluster_ip.is_none() && service.needs_address())
        {
            service.cluster_ip = free.next();
        }
        Ok(Self { services })
    }

    /// The cluster IP of a Service that is written as `<name>.<namespace>`.
    pub(crate) fn address(&self, name: &str) -> Option<Ipv4Addr> {
        let matches = |service: &&Service| format!("{}.{}", service.name, service.namespace) == name;
        self.services.iter().find(matches)?.cluster_ip
    }

    /// What is spoken on a port of a pod, as the Services that lead there say: HTTP, unless the port's name or
    /// `appProtocol` says otherwise.
    pub(crate) fn protocol(&self, pod: &PodPlan, port: u16) -> EchoProtocol {
        let opaque = |service_port: &ServicePort| {
            let name =
                service_port.app_protocol.as_deref().or(service_port.name.as_deref()).unwrap_or_default();
            let word = name.split('-').next().unwrap_or_default().to_ascii_lowercase();
            matches!(word.as_str(), "tcp" | "mongo" | "mysql" | "redis" | "tls" | "https")
        };
        let leads_here = |service_port: &&ServicePort| pod.port(&service_port.target()) == Some(port);
        let says = self
            .services
            .iter()
            .filter(|service| {
                service.namespace == pod.namespace && pod.is_selected_by(&service.spec.selector)
            })
            .find_map(|service| service.spec.ports.iter().find(leads_here));
        if says.is_some_and(opaque) { EchoProtocol::Tcp } else { EchoProtocol::Http }
    }
}

impl Service {
    fn headless(&self) -> bool {
        self.spec.cluster_ip.as_deref() == Some("None")
    }

    fn needs_address(&self) -> bool {
        !self.headless() && self.spec.kind.as_deref() != Some("ExternalName")
    }

    fn pods<'p>(&self, pods: &'p [PodPlan]) -> impl Iterator<Item = &'p PodPlan> {
        pods.iter().filter(|pod| pod.namespace == self.namespace && pod.is_selected_by(&self.spec.selector))
    }

    fn host(&self) -> String {
        format!("{}.{}.svc.cluster.local", self.name, self.namespace)
    }
}

impl ServicePort {
    /// The port of the pods; that of the Service unless stated.
    fn target(&self) -> IntOrString {
        self.target_port.clone().unwrap_or(IntOrString::Number(self.port))
    }
}

/// The names of a cluster while `ready` pods (by address) are ready, with external hosts besides.
pub(crate) fn zone(
    services: &Services,
    pods: &[PodPlan],
    ready: &BTreeSet<Ipv4Addr>,
    external: &BTreeMap<String, Ipv4Addr>,
) -> Zone {
    let mut zone = Zone::default();
    for (host, address) in external {
        zone.add(host, [*address]);
    }
    for service in &services.services {
        let host = service.host();
        if let Some(external_name) = &service.spec.external_name {
            zone.add(&host, external.get(external_name).copied());
        } else if service.headless() {
            zone.add(&host, []);
            let listed =
                |pod: &&PodPlan| service.spec.publish_not_ready_addresses || ready.contains(&pod.address);
            for pod in service.pods(pods).filter(listed) {
                zone.add(&host, [pod.address]);
                if pod.governing_service.as_ref() == Some(&service.name) {
                    zone.add(&format!("{}.{host}", pod.name), [pod.address]);
                }
            }
        } else {
            zone.add(&host, service.cluster_ip);
        }
    }
    zone
}

/// What kube-proxy does, as input of `iptables-restore`: connections to a cluster IP go to one of the pods, each as likely as
/// the other; a pod that reaches itself is masqueraded.
pub(crate) fn kube_proxy_rules(services: &Services, pods: &[PodPlan]) -> String {
    let mut rules = String::from("*nat\n");
    let mut add = |rule: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = writeln!(rules, "{rule}");
    };
    for service in &services.services {
        let Some(address) = service.cluster_ip else { continue };
        for port in
            service.spec.ports.iter().filter(|port| !matches!(port.protocol.as_deref(), Some("UDP" | "SCTP")))
        {
            let target = port.target();
            let backends: Vec<(Ipv4Addr, u16)> =
                service.pods(pods).filter_map(|pod| Some((pod.address, pod.port(&target)?))).collect();
            for (index, (pod, pod_port)) in backends.iter().enumerate() {
                let remaining = backends.len() - index;
                let chance = match remaining {
                    1 => String::new(),
                    _ => format!("-m statistic --mode nth --every {remaining} --packet 0 "),
                };
                add(format_args!(
                    "-A PREROUTING -d {address}/32 -p tcp --dport {} {chance}-j DNAT --to-destination {pod}:{pod_port}",
                    port.port
                ));
            }
        }
    }
    for pod in pods {
        add(format_args!("-A POSTROUTING -s {0}/32 -d {0}/32 -j MASQUERADE", pod.address));
    }
    add(format_args!("COMMIT"));
    rules
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn cluster() -> Cluster {
        let mut cluster = Cluster::default();
        for text in [
            "{kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{name: tcp-x, port: 80, targetPort: http}]}}",
            "{kind: Service, metadata: {name: mc-web, namespace: shop}, spec: {clusterIP: None, selector: {app: web}}}",
            "{kind: Service, metadata: {name: own, namespace: shop}, spec: {clusterIP: 10.96.1.1, selector: {app: none}}}",
            "{kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 2, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: a, ports: [{name: http, containerPort: 8080}]}]}}}}",
        ] {
            cluster.add(text, Path::new("test.yaml")).unwrap();
        }
        cluster
    }

    #[test]
    fn a_headless_service_lists_the_ready_pods_only() {
        let cluster = cluster();
        let (services, pods) = (Services::of(&cluster).unwrap(), PodPlan::all(&cluster).unwrap());
        let host = "mc-web.shop.svc.cluster.local";
        assert_eq!(zone(&services, &pods, &BTreeSet::new(), &BTreeMap::new()).lookup(host), Some(&[][..]));
        let ready = BTreeSet::from([pods[1].address]);
        assert_eq!(
            zone(&services, &pods, &ready, &BTreeMap::new()).lookup(host),
            Some(&[pods[1].address][..])
        );
    }

    #[test]
    fn a_service_without_an_address_gets_a_free_one() {
        let services = Services::of(&cluster()).unwrap();
        assert_eq!(services.address("own.shop"), Some(Ipv4Addr::new(10, 96, 1, 1)));
        assert_eq!(services.address("web.shop"), Some(Ipv4Addr::new(10, 96, 1, 2)));
    }

    #[test]
    fn kube_proxy_spreads_over_named_target_ports() {
        let cluster = cluster();
        let (services, pods) = (Services::of(&cluster).unwrap(), PodPlan::all(&cluster).unwrap());
        let rules = kube_proxy_rules(&services, &pods);
        let first = "-A PREROUTING -d 10.96.1.2/32 -p tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.10:8080";
        assert!(rules.contains(first), "{rules}");
        assert!(rules.contains("--dport 80 -j DNAT --to-destination 10.20.0.11:8080"), "{rules}");
        assert_eq!(services.protocol(&pods[0], 8080), EchoProtocol::Tcp);
    }
}
