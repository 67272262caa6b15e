//! Where the endpoints of a service come from, without a control plane that knows the pods (blueprint §4 "Endpoints
//! without EDS"): stated endpoints are stated, pods are found by DNS, at the lowest level that keeps the meaning.

use meshc_api::istio::ClientTlsSettings;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{Registry, Resolution, Service, TargetPort, WorkloadRole};
use meshc_plan::{
    Discovery, DnsFamily, DnsResolution, Endpoint, EndpointAddress, EndpointGroup, HeadlessService,
};

use super::endpoints::{self, Addresses};
use super::pods;
use super::target::Target;
use crate::context::ProxyContext;

/// Where the endpoints of one upstream come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// The source.
    pub(super) discovery: Discovery,
    /// The Services that have to exist for it.
    pub(super) headless: Vec<HeadlessService>,
}

impl Found {
    fn stated(discovery: Discovery) -> Self {
        Self { discovery, headless: Vec::new() }
    }
}

/// Annotation of a ServiceEntry with which Envoy races connections to all addresses of a name.
const CONNECT_STRATEGY: (&str, &str) = ("istio.io/connect-strategy", "RACE_FIRST_TCP_CONNECT");

/// Where the endpoints of a target come from; `None` when Istio makes no upstream for it: a service that is found by DNS
/// and names no endpoint.
pub(super) fn discover(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    tls: Option<&ClientTlsSettings>,
    diags: &mut Diagnostics,
) -> Option<Found> {
    let service = target.service;
    let gateway = cx.workload.proxy == Some(WorkloadRole::Gateway);
    match service.resolution {
        Resolution::Alias => None,
        Resolution::Passthrough if !gateway => Some(Found::stated(dialled(target))),
        Resolution::ClientSide | Resolution::Passthrough => Some(pods::discover(cx, target, tls, diags)),
        Resolution::Dns if races_connections(service) => one_name(cx, target, tls, diags),
        Resolution::Dns => {
            let (groups, headless) = names(cx, target, tls, diags);
            (!groups.is_empty()).then_some(Found { discovery: Discovery::StrictDns(groups), headless })
        }
        Resolution::DnsRoundRobin => one_name(cx, target, tls, diags),
        Resolution::DynamicDns if service.host().starts_with('*') => {
            let cache = Target { subset: None, ..*target }.name();
            Some(Found::stated(Discovery::DynamicForwardProxy { cache }))
        }
        // A single name is not looked up on demand: istiod makes an upstream that nothing ever fills.
        Resolution::DynamicDns => Some(Found::stated(Discovery::Static(Vec::new()))),
    }
}

/// How names among the endpoints of a service are resolved.
pub(super) fn dns_resolution(cx: &ProxyContext<'_>, service: Option<&Service>) -> DnsResolution {
    let family = match service {
        Some(service) if races_connections(service) => DnsFamily::All,
        _ if cx.workload.is_ipv6() => DnsFamily::V6Only,
        _ => DnsFamily::V4Only,
    };
    let refresh_rate =
        cx.mesh.config.dns_refresh_rate.map_or(std::time::Duration::from_secs(60), |rate| rate.0);
    DnsResolution { refresh_rate, family }
}

/// The address that the client dialled; a ServiceEntry may send to another port of it.
pub(super) fn dialled(target: &Target<'_>) -> Discovery {
    let port_override = match target.port.target {
        TargetPort::Number(port) if target.service.registry == Registry::External => Some(port),
        _ => None,
    };
    Discovery::OriginalDestination { port_override }
}

fn races_connections(service: &Service) -> bool {
    service.annotations.get(CONNECT_STRATEGY.0).is_some_and(|value| value == CONNECT_STRATEGY.1)
}

/// Stated endpoints, and names of pods that a ServiceEntry selects.
fn names(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    tls: Option<&ClientTlsSettings>,
    diags: &mut Diagnostics,
) -> (Vec<EndpointGroup>, Vec<HeadlessService>) {
    let mut groups = endpoints::stated(cx, target, Addresses::IpAndName, tls);
    let pods = pods::names(cx, target, tls, diags);
    for name in &pods.names {
        let endpoint = Endpoint {
            address: EndpointAddress::Name(name.name.clone(), name.port),
            weight: Some(name.weight.unwrap_or(1)),
            mtls: name.mtls,
            workload: None,
            health: None,
        };
        groups.push(EndpointGroup {
            locality: None,
            weight: Some(name.weight.unwrap_or(1)),
            priority: 0,
            endpoints: vec![endpoint],
        });
    }
    (groups, pods.headless)
}

/// One name, of which one address at a time is used. Envoy refuses more than one, so that the first one counts.
fn one_name(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    tls: Option<&ClientTlsSettings>,
    diags: &mut Diagnostics,
) -> Option<Found> {
    let (groups, headless) = names(cx, target, tls, diags);
    let count: usize = groups.iter().map(|group| group.endpoints.len()).sum();
    let mut first = groups.into_iter().find(|group| !group.endpoints.is_empty())?;
    if count > 1 {
        diags.push(several_names(target));
        first.endpoints.truncate(1);
        first.weight = first.endpoints.first().and_then(|endpoint| endpoint.weight);
    }
    Some(Found { discovery: Discovery::LogicalDns(vec![first]), headless })
}

fn several_names(target: &Target<'_>) -> Diagnostic {
    let message = format!("{} uses one address at a time, but has several endpoints", target.service.object);
    let finding = Diagnostic::new(&codes::SEVERAL_LOGICAL_NAMES, message)
        .consequence("all traffic goes to the first endpoint; with istiod, Envoy would refuse the cluster")
        .help("state one endpoint, or use `resolution: DNS`");
    target.about_service(finding, "spec.endpoints")
}
