//! Pods behind a service, found by DNS: a Service without a cluster IP answers with the addresses of ready pods. Such a
//! Service is generated for each service and subset, since one name cannot stand for both (dataplane.md §1.4).

use std::collections::{BTreeMap, BTreeSet};

use meshc_api::istio::ClientTlsSettings;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{EndpointFact, EndpointPlace, MtlsMode, Registry, Resolution, TargetPort};
use meshc_plan::{Discovery, DnsEndpoint, EndpointAddress, EndpointGroup, HeadlessService};

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

/// Labels of the pods: those of the service and those of the subset. `None` when they contradict each other.
fn selector(target: &Target<'_>, diags: &mut Diagnostics) -> Option<BTreeMap<String, String>> {
    let mut labels = target.service.selector.clone();
    for (key, value) in target.subset.iter().flat_map(|subset| &subset.labels) {
        if let Some(other) = labels.insert(key.clone(), value.clone())
            && other != *value
        {
            let subset = target.subset_name().unwrap_or_default();
            let message = format!(
                "subset `{subset}` wants pods with `{key}: {value}`, but {} selects `{key}: {other}`",
                target.service.object
            );
            let finding = Diagnostic::new(&codes::CONTRADICTORY_SUBSET, message)
                .consequence("no pod is in the subset; Envoy answers 503 to its requests")
                .help("correct the labels of the subset, or remove it");
            diags.push(target.about_rule(finding, "spec.subsets"));
            return None;
        }
    }
    Some(labels)
}

/// The port that pods listen on.
enum Port {
    /// This number, on all pods.
    Number(u16),
    /// Several numbers: only kube-proxy can tell them apart.
    ClusterIp,
    /// Nothing tells it.
    Unknown,
}

fn target_port(target: &Target<'_>, pods: &[&EndpointFact], diags: &mut Diagnostics) -> Port {
    let name = match &target.port.target {
        TargetPort::Same => return Port::Number(target.port.number),
        TargetPort::Number(port) => return Port::Number(*port),
        TargetPort::Name(name) => name,
    };
    let numbers: BTreeSet<u16> =
        pods.iter().filter_map(|fact| fact.ports.get(&target.port.number)).copied().collect();
    let mut found = numbers.iter().copied();
    match (found.next(), found.next()) {
        (Some(number), None) => Port::Number(number),
        (None, _) => {
            diags.push(unknown_port(target, name));
            Port::Unknown
        }
        (Some(_), Some(_)) => {
            diags.push(ambiguous_port(target, name, &numbers));
            let has_cluster_ip = target.service.resolution == Resolution::ClientSide
                && target.service.registry == Registry::Kubernetes
                && target.subset.is_none();
            if has_cluster_ip { Port::ClusterIp } else { Port::Unknown }
        }
    }
}

fn unknown_port(target: &Target<'_>, name: &str) -> Diagnostic {
    let message =
        format!("no workload that {} selects declares a port named `{name}`", target.service.object);
    let finding = Diagnostic::new(&codes::UNKNOWN_TARGET_PORT, message)
        .consequence(format!("no proxy reaches port {} of it; Envoy answers 503", target.port.number))
        .help("name the port in the container that serves it, or state `targetPort` as a number");
    target.about_service(finding, "spec.ports")
}

fn ambiguous_port(target: &Target<'_>, name: &str, numbers: &BTreeSet<u16>) -> Diagnostic {
    let numbers = numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let message =
        format!("pods of {} listen on {numbers} for `{name}`, and DNS tells no ports", target.service.object);
    let consequence = if target.subset.is_none() && target.service.resolution == Resolution::ClientSide {
        "proxies use the cluster IP: kube-proxy picks a pod for each connection, and the load balancing of the mesh sees one \
         endpoint"
    } else {
        "no proxy reaches the port; Envoy answers 503"
    };
    let finding = Diagnostic::new(&codes::AMBIGUOUS_TARGET_PORT, message)
        .consequence(consequence)
        .help("let all pods listen on one number, or give each number a Service or subset of its own");
    target.about_service(finding, "spec.ports")
}

/// Whether connections to the pods use Istio mTLS. One name has one answer: where pods differ, they get plain text, which
/// both kinds take, unless the proxies among them insist on mTLS.
fn mtls(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    pods: &[&EndpointFact],
    tls: Option<&ClientTlsSettings>,
    diags: &mut Diagnostics,
) -> bool {
    let (with, without): (Vec<&EndpointFact>, Vec<&EndpointFact>) =
        pods.iter().partition(|fact| endpoints::takes_mtls(cx, target, fact, tls));
    if with.is_empty() || without.is_empty() {
        return !with.is_empty();
    }
    let strict = with.iter().any(|fact| endpoints::accepted(cx, target, fact) == Some(MtlsMode::Strict));
    let list = |facts: &[&EndpointFact]| {
        let names: BTreeSet<String> = facts.iter().map(|fact| workload_name(fact)).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let message = format!(
        "{} selects pods that take mTLS ({}) and pods that do not ({})",
        target.service.object,
        list(&with),
        list(&without)
    );
    let consequence = if strict {
        "proxies use mTLS, since some of the pods insist on it; connections to the others fail"
    } else {
        "proxies send plain text to all of them, as DNS does not tell the pods apart"
    };
    let finding = Diagnostic::new(&codes::MIXED_MTLS, message)
        .consequence(consequence)
        .help("inject a proxy into all workloads of the service, or give those without a proxy a Service or subset of their own");
    diags.push(target.about_service(finding, "spec.selector"));
    strict
}

fn workload_name(fact: &EndpointFact) -> String {
    match &fact.place {
        EndpointPlace::Workload(workload) => format!("{}/{}", workload.namespace, workload.name),
        EndpointPlace::Ip(address) => address.to_string(),
        EndpointPlace::Name(text) | EndpointPlace::Unix(text) => text.clone(),
    }
}
