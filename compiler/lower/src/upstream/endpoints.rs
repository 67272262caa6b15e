//! Endpoints that the tree states: of ServiceEntries, WorkloadEntries and EndpointSlices (translation-spec §9.3).

use std::collections::BTreeMap;

use meshc_api::istio::{ClientTlsMode, ClientTlsSettings};
use meshc_model::{EndpointFact, EndpointPlace, MtlsMode, Reach};
use meshc_plan::{Endpoint, EndpointAddress, EndpointGroup, EndpointHealth};

use super::locality;
use super::networks::{self, Behind};
use super::target::{Target, TargetMode};
use crate::context::ProxyContext;

/// Labels that tell the canonical name of a workload, the first one first.
const CANONICAL_NAME: [&str; 3] = ["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"];

/// Labels that tell the canonical revision of a workload.
const CANONICAL_REVISION: [&str; 3] =
    ["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"];

/// Which addresses an upstream can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addresses {
    /// Addresses only: names are left out, as istiod leaves them out of EDS.
    Ip,
    /// Addresses and names that are resolved.
    IpAndName,
}

/// Whether an endpoint belongs to what an upstream is made for.
pub(super) fn selected(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    fact: &EndpointFact,
    tls: Option<&ClientTlsSettings>,
) -> bool {
    let labels = target.subset.map(|subset| &subset.labels);
    let fits = fact.ready
        && labels.is_none_or(|labels| labels.iter().all(|(key, value)| fact.labels.get(key) == Some(value)));
    // An east-west gateway forwards TLS as it is, which only endpoints with a proxy can take.
    fits && (target.mode == TargetMode::Default || takes_mtls(cx, target, fact, tls))
}

/// Stated endpoints in groups by locality, in the order of the locality's text.
pub(super) fn stated(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    addresses: Addresses,
    tls: Option<&ClientTlsSettings>,
) -> Vec<EndpointGroup> {
    let mut groups: BTreeMap<&str, (Vec<Endpoint>, Behind<'_>)> = BTreeMap::new();
    for fact in target.service.endpoints.iter().filter(|fact| selected(cx, target, fact, tls)) {
        let group = || fact.locality.as_deref().unwrap_or_default();
        match cx.mesh.reach(cx.workload, fact.network.as_deref()) {
            Reach::Direct => {
                if let Some(endpoint) = near(cx, target, fact, addresses, tls) {
                    groups.entry(group()).or_default().0.push(endpoint);
                }
            }
            // The gateway tells services apart by the server name of Istio mTLS.
            Reach::Through(gateways) => {
                if fact.ports.contains_key(&target.port.number) && takes_mtls(cx, target, fact, tls) {
                    groups.entry(group()).or_default().1.add(&gateways, networks::weight(cx, fact));
                }
            }
            Reach::Hidden => {}
        }
    }
    let whole = |(locality, (mut endpoints, behind)): (&str, (Vec<Endpoint>, Behind<'_>))| {
        endpoints.extend(behind.endpoints(cx));
        group(locality, endpoints)
    };
    groups.into_iter().map(whole).collect()
}

/// An endpoint that is dialled at its own address.
fn near(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    fact: &EndpointFact,
    addresses: Addresses,
    tls: Option<&ClientTlsSettings>,
) -> Option<Endpoint> {
    let scale = cx.mesh.networks.weight_scale();
    Some(Endpoint {
        address: address(fact, target.port.number, addresses)?,
        weight: Some(fact.weight.unwrap_or(1).saturating_mul(scale)),
        mtls: takes_mtls(cx, target, fact, tls),
        workload: workload_metadata(cx, fact),
        // Kubernetes tells the health of an address that it manages; a ServiceEntry does not.
        health: fact.workload_name.is_none().then_some(EndpointHealth::Healthy),
    })
}

fn group(locality: &str, endpoints: Vec<Endpoint>) -> EndpointGroup {
    let weights = endpoints.iter().filter_map(|endpoint| endpoint.weight);
    EndpointGroup {
        locality: (!locality.is_empty()).then(|| locality::parse(locality)),
        weight: Some(weights.fold(0, u32::saturating_add)),
        priority: 0,
        endpoints,
    }
}

fn address(fact: &EndpointFact, port: u16, addresses: Addresses) -> Option<EndpointAddress> {
    match &fact.place {
        EndpointPlace::Ip(address) => Some(EndpointAddress::Ip(*address, *fact.ports.get(&port)?)),
        // Without an address, only gateways of its network lead to it.
        EndpointPlace::Name(name) if addresses == Addresses::IpAndName && !name.is_empty() => {
            Some(EndpointAddress::Name(name.clone(), *fact.ports.get(&port)?))
        }
        EndpointPlace::Unix(path) => Some(EndpointAddress::Unix(path.clone())),
        EndpointPlace::Name(_) | EndpointPlace::Workload(_) => None,
    }
}

/// Whether connections to an endpoint use Istio mTLS: as a DestinationRule says, else where the endpoint has a proxy that
/// does not refuse it.
pub(super) fn takes_mtls(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    fact: &EndpointFact,
    tls: Option<&ClientTlsSettings>,
) -> bool {
    if let Some(mode) = tls.map(|tls| tls.mode) {
        return mode == Some(ClientTlsMode::IstioMutual);
    }
    fact.mtls && accepted(cx, target, fact) != Some(MtlsMode::Disable)
}

/// What the proxy of an endpoint accepts on the port; `None` when the endpoint has no such port.
pub(super) fn accepted(cx: &ProxyContext<'_>, target: &Target<'_>, fact: &EndpointFact) -> Option<MtlsMode> {
    let port = fact.ports.get(&target.port.number)?;
    Some(cx.mesh.mtls_of(&fact.namespace, &fact.labels).port(*port))
}

/// `<workload>;<namespace>;<canonical name>;<canonical revision>;<cluster>`, from which Istio's metrics take the labels of
/// the destination; `latest` is left out as the revision that everything has.
fn workload_metadata(cx: &ProxyContext<'_>, fact: &EndpointFact) -> Option<String> {
    let features = &cx.mesh.features;
    if !(features.enable_telemetry_label && features.endpoint_telemetry_label) {
        return None;
    }
    let cluster = &cx.mesh.options.cluster_id;
    let Some(name) = &fact.workload_name else { return Some(format!(";;;;{cluster}")) };
    let label = |keys: &[&str]| keys.iter().find_map(|key| fact.labels.get(*key)).map(String::as_str);
    let canonical = label(&CANONICAL_NAME).unwrap_or(name);
    let revision = label(&CANONICAL_REVISION).filter(|revision| *revision != "latest").unwrap_or_default();
    Some(format!("{name};{};{canonical};{revision};{cluster}", fact.namespace))
}
