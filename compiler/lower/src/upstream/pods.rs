//! Pods behind a service, found by DNS: a Service without a cluster IP answers with the addresses of ready pods. Such a
//! Service is generated for each service and subset, since one name cannot stand for both (dataplane.md §1.4).

mod mixed_mtls;
mod selector;
mod target_port;

use std::collections::BTreeMap;

use meshc_api::istio::ClientTlsSettings;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{EndpointFact, EndpointPlace, Registry, Resolution, TargetPort};
use meshc_plan::{Discovery, DnsEndpoint, EndpointAddress, EndpointGroup, HeadlessService};

use self::mixed_mtls::mtls;
use self::selector::selector;
use self::target_port::{Port, target_port};
use super::discovery::Found;
use super::endpoints::{self, Addresses};
use super::headless::headless_service_name;
use super::networks;
use super::target::Target;
use crate::context::ProxyContext;

/// Label that says which network pods are in.
const NETWORK: &str = "topology.istio.io/network";

/// Names that resolve to pods.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PodNames {
    /// The names.
    pub(super) names: Vec<DnsEndpoint>,
    /// The Services that have to be generated for them.
    pub(super) headless: Vec<HeadlessService>,
}

impl PodNames {
    fn existing(name: DnsEndpoint) -> Self {
        Self { names: vec![name], headless: Vec::new() }
    }
}

/// Endpoints of a service whose pods istiod would send over EDS.
pub(super) fn discover(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    tls: Option<&ClientTlsSettings>,
    diags: &mut Diagnostics,
) -> Found {
    let stated = endpoints::stated(cx, target, Addresses::Ip, tls);
    let PodNames { names, headless } = if target.service.selector.is_empty() && !stated.is_empty() {
        PodNames::default()
    } else {
        names(cx, target, tls, diags)
    };
    let pods = target.service.registry == Registry::Kubernetes || !target.service.selector.is_empty();
    let discovery = if pods && (!names.is_empty() || stated.is_empty()) {
        Discovery::Pods { names, stated }
    } else if stated.iter().any(has_name) {
        // A gateway of another network may be known by name, which istiod resolves itself.
        Discovery::StrictDns(stated)
    } else {
        Discovery::Static(stated)
    };
    Found { discovery, headless }
}

fn has_name(group: &EndpointGroup) -> bool {
    group.endpoints.iter().any(|endpoint| matches!(endpoint.address, EndpointAddress::Name(..)))
}

/// Names of the pods of a target.
pub(super) fn names(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    tls: Option<&ClientTlsSettings>,
    diags: &mut Diagnostics,
) -> PodNames {
    let service = target.service;
    if service.selector.is_empty() {
        let kubernetes = service.registry == Registry::Kubernetes && target.subset.is_none();
        return if kubernetes { without_selector(target, diags) } else { PodNames::default() };
    }
    let Some(selector) = selector(target, diags) else { return PodNames::default() };
    let (mut pods, others): (Vec<&EndpointFact>, Vec<&EndpointFact>) = service
        .endpoints
        .iter()
        .filter(|fact| endpoints::selected(cx, target, fact, tls))
        .partition(|fact| is_pod(fact));
    if pods.is_empty() {
        // A ServiceEntry that selects no pod is for other workloads.
        if !others.is_empty() || service.registry == Registry::External {
            return PodNames::default();
        }
        // Pods of a subset that come later are taken to be like the others of the service.
        pods = service.endpoints.iter().filter(|fact| is_pod(fact)).collect();
    }
    let (near, far): (Vec<&EndpointFact>, Vec<&EndpointFact>) =
        pods.iter().partition(|fact| networks::is_near(cx, fact));
    if far.is_empty() {
        return of_selector(cx, target, tls, Pods { pods, selector, network: None }, diags);
    }
    if !near.is_empty()
        && let Some(finding) = networks::uncounted(target, far.into_iter())
    {
        diags.push(finding);
    }
    let mut found = PodNames::default();
    for part in by_network(cx, target, &selector, &near, diags) {
        let PodNames { names, headless } = of_selector(cx, target, tls, part, diags);
        found.names.extend(names);
        found.headless.extend(headless);
    }
    found
}

/// Pods that one selector finds.
struct Pods<'f> {
    pods: Vec<&'f EndpointFact>,
    selector: BTreeMap<String, String>,
    /// The network that the selector is narrowed to.
    network: Option<&'f str>,
}

/// Pods by the networks that they are in, each with the selector that leaves out the others.
fn by_network<'f>(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    selector: &BTreeMap<String, String>,
    near: &[&'f EndpointFact],
    diags: &mut Diagnostics,
) -> Vec<Pods<'f>> {
    let mut parts: BTreeMap<&str, Vec<&EndpointFact>> = BTreeMap::new();
    for fact in near {
        parts.entry(fact.network.as_deref().unwrap_or_default()).or_default().push(fact);
    }
    let part = |(network, pods): (&'f str, Vec<&'f EndpointFact>)| {
        for fact in pods.iter().filter(|fact| !is_labelled(cx, fact)) {
            diags.push(networks::unlabelled(target, network, &workload_name(fact)));
        }
        let mut selector = selector.clone();
        selector.insert(NETWORK.to_owned(), network.to_owned());
        Pods { pods, selector, network: Some(network) }
    };
    parts.into_iter().map(part).collect()
}

/// Whether pods carry the label of their network: their template does, or injection adds it.
fn is_labelled(cx: &ProxyContext<'_>, fact: &EndpointFact) -> bool {
    let EndpointPlace::Workload(reference) = &fact.place else { return true };
    cx.mesh.workloads.get(reference).is_none_or(|workload| {
        workload.labels.contains_key(NETWORK)
            || (workload.proxy.is_some() && workload.network == fact.network)
    })
}

/// Names of pods that one selector finds.
fn of_selector(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    tls: Option<&ClientTlsSettings>,
    part: Pods<'_>,
    diags: &mut Diagnostics,
) -> PodNames {
    let Pods { pods, selector, network } = part;
    let service = target.service;
    let port = target_port(target, &pods, diags);
    let mtls = mtls(cx, target, &pods, tls, diags);
    let weight = Some(cx.mesh.networks.weight_scale()).filter(|scale| *scale > 1);
    let port = match port {
        Port::Number(port) => port,
        Port::ClusterIp => return PodNames::existing(cluster_ip(target, mtls)),
        Port::Unknown => return PodNames::default(),
    };
    let direct = service.registry == Registry::Kubernetes
        && service.resolution == Resolution::Passthrough
        && target.subset.is_none()
        && network.is_none();
    if direct {
        let name = service.host().to_owned();
        return PodNames::existing(DnsEndpoint { name, port, mtls, cluster_ip: false, weight });
    }
    let headless = generated(target, selector, network);
    let name = format!("{}.{}.svc.{}", headless.name, headless.namespace, cx.mesh.options.domain);
    let name = DnsEndpoint { name, port, mtls, cluster_ip: false, weight };
    PodNames { names: vec![name], headless: vec![headless] }
}

fn is_pod(fact: &EndpointFact) -> bool {
    matches!(fact.place, EndpointPlace::Workload(_))
}

fn generated(
    target: &Target<'_>,
    selector: BTreeMap<String, String>,
    network: Option<&str>,
) -> HeadlessService {
    let service = target.service;
    let subset = target.subset_name();
    let of_rule = subset.zip(target.rule.map(|rule| &rule.object));
    HeadlessService {
        namespace: service.namespace().to_owned(),
        name: headless_service_name(service.namespace(), &service.name, of_rule, network),
        selector,
        service: service.reference.clone(),
        subset: subset.map(str::to_owned),
        origin: target.origin(),
    }
}

/// A Service that people fill themselves, or a controller: only its own name tells where it leads.
fn without_selector(target: &Target<'_>, diags: &mut Diagnostics) -> PodNames {
    let service = target.service;
    if service.resolution == Resolution::Passthrough {
        let port = match target.port.target {
            TargetPort::Number(port) => port,
            TargetPort::Same | TargetPort::Name(_) => target.port.number,
        };
        let name = service.host().to_owned();
        return PodNames::existing(DnsEndpoint { name, port, mtls: false, cluster_ip: false, weight: None });
    }
    let message = format!("proxies reach {} by its cluster IP, since it has no selector", service.host());
    let finding = Diagnostic::new(&codes::DISCOVERY_LEVEL, message)
        .consequence("kube-proxy picks a pod for each connection; load balancing and ejection of the mesh see one endpoint")
        .help("add an EndpointSlice with its addresses to the tree, or a selector to the Service");
    diags.push(target.about_service(finding, "spec.selector"));
    PodNames::existing(cluster_ip(target, false))
}

fn cluster_ip(target: &Target<'_>, mtls: bool) -> DnsEndpoint {
    let name = target.service.host().to_owned();
    DnsEndpoint { name, port: target.port.number, mtls, cluster_ip: true, weight: None }
}

fn workload_name(fact: &EndpointFact) -> String {
    match &fact.place {
        EndpointPlace::Workload(workload) => format!("{}/{}", workload.namespace, workload.name),
        EndpointPlace::Ip(address) => address.to_string(),
        EndpointPlace::Name(text) | EndpointPlace::Unix(text) => text.clone(),
    }
}
