//! Istio mTLS to an upstream: stated by a DestinationRule, or chosen because both ends can (translation-spec §3.9).

use std::collections::BTreeSet;

use meshc_api::istio::{ClientTlsMode, ClientTlsSettings};
use meshc_diagnostics::Diagnostics;
use meshc_model::{MtlsMode, Service};
use meshc_plan::{CertificateSource, Discovery, TrustSource, UpstreamTls, UpstreamTlsChoice};

use super::target::{Target, TargetMode};
use super::tls;
use crate::context::ProxyContext;
use crate::listener::sharing;

/// TLS to an upstream. `dialled` tells whether it sends to the address that the client dialled, where Envoy cannot choose
/// TLS by endpoint.
pub(super) fn upstream_tls(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    stated: Option<&ClientTlsSettings>,
    discovery: &Discovery,
    http2: bool,
    diags: &mut Diagnostics,
) -> UpstreamTlsChoice {
    if target.mode == TargetMode::SniDnat {
        // The east-west gateway passes the TLS of the client on.
        return UpstreamTlsChoice::None;
    }
    let Some(settings) = stated else { return automatic(cx, target, discovery, http2) };
    match settings.mode {
        None | Some(ClientTlsMode::Disable) => UpstreamTlsChoice::None,
        Some(ClientTlsMode::IstioMutual) => {
            let sni = settings.sni.clone().filter(|sni| !sni.is_empty());
            let names = if settings.subject_alt_names.is_empty() {
                accepted(cx, target, discovery)
            } else {
                settings.subject_alt_names.clone()
            };
            let sni = sni.or_else(|| own_sni(target, discovery));
            UpstreamTlsChoice::Always(Box::new(istio_mutual(sni, names, discovery, http2)))
        }
        Some(ClientTlsMode::Simple | ClientTlsMode::Mutual) => {
            tls::stated_tls(cx, target, settings, discovery, http2, diags)
        }
    }
}

/// Auto mTLS: to endpoints with a proxy, unless the service refuses it.
fn automatic(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    discovery: &Discovery,
    http2: bool,
) -> UpstreamTlsChoice {
    if !is_automatic(cx, target) {
        return UpstreamTlsChoice::None;
    }
    let names = accepted(cx, target, discovery);
    let tls = Box::new(istio_mutual(own_sni(target, discovery), names, discovery, http2));
    match discovery {
        Discovery::OriginalDestination { .. } => UpstreamTlsChoice::Always(tls),
        _ => UpstreamTlsChoice::Auto(tls),
    }
}

/// Whether both ends can, and nobody says otherwise.
fn is_automatic(cx: &ProxyContext<'_>, target: &Target<'_>) -> bool {
    let service = target.service;
    let unknown = target.asks_for_passthrough() && !all_take_mtls(service);
    let off = service.mesh_external || cx.mesh.config.enable_auto_mtls == Some(false) || unknown;
    !off && matches!(cx.mesh.service_mtls(service), Some(MtlsMode::Permissive | MtlsMode::Strict))
}

/// Names that a certificate must hold one of. Where an upstream serves other headless Services of its port, too, theirs are among
/// them; no names mean any certificate of the mesh.
fn accepted(cx: &ProxyContext<'_>, target: &Target<'_>, discovery: &Discovery) -> Vec<String> {
    let own = target.service.service_accounts(cx.mesh);
    if !matches!(discovery, Discovery::OriginalDestination { .. }) || target.subset.is_some() {
        return own;
    }
    let sharing = sharing(cx, target.port.number);
    if sharing.first().is_none_or(|first| first.host() != target.service.host()) {
        return own;
    }
    let all: Vec<Vec<String>> = sharing.iter().map(|service| service.service_accounts(cx.mesh)).collect();
    if all.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    all.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether connections to the pods of a service on a port use Istio mTLS as Istio sets it up; `None` where a DestinationRule states
/// TLS of another kind.
pub(crate) fn dialled_with_mtls(cx: &ProxyContext<'_>, service: &Service, number: u16) -> Option<bool> {
    let port = service.port(number)?;
    let rule = cx.mesh.destination_rule(cx.workload, service.namespace(), service.host());
    let target = Target { service, port, rule: rule.as_deref(), subset: None, mode: TargetMode::Default };
    let policy = target.policy().with_mesh_default(cx.mesh.config.default_traffic_policy.as_ref());
    match policy.tls {
        None => Some(is_automatic(cx, &target)),
        Some(settings) => match settings.mode {
            None | Some(ClientTlsMode::Disable) => Some(false),
            Some(ClientTlsMode::IstioMutual) => settings.subject_alt_names.is_empty().then_some(true),
            Some(ClientTlsMode::Simple | ClientTlsMode::Mutual) => None,
        },
    }
}

/// Whether all known endpoints of a service take Istio mTLS; nothing is known of a service without any.
fn all_take_mtls(service: &Service) -> bool {
    !service.endpoints.is_empty() && service.endpoints.iter().all(|endpoint| endpoint.mtls)
}

/// The SNI that east-west gateways route by. Hosts of a wildcard that are resolved on demand have only their own names.
fn own_sni(target: &Target<'_>, discovery: &Discovery) -> Option<String> {
    (!matches!(discovery, Discovery::DynamicForwardProxy { .. })).then(|| target.sni())
}

fn istio_mutual(sni: Option<String>, names: Vec<String>, discovery: &Discovery, http2: bool) -> UpstreamTls {
    let protocols: &[&str] =
        if http2 { &["istio-peer-exchange", "istio", "h2"] } else { &["istio-peer-exchange", "istio"] };
    UpstreamTls {
        istio_mutual: true,
        certificate: Some(CertificateSource::Workload),
        trust: Some(TrustSource::Mesh),
        names,
        sni,
        auto_san_validation: matches!(discovery, Discovery::DynamicForwardProxy { .. }),
        alpn: protocols.iter().map(|protocol| (*protocol).to_owned()).collect(),
        crl: None,
        cipher_suites: Vec::new(),
        ecdh_curves: Vec::new(),
        credential: false,
    }
}
