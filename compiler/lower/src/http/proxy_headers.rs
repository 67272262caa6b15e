//! Headers that a proxy adds, changes or removes (`proxyHeaders`, `gatewayTopology`; translation-spec §6.1.2).

use meshc_api::mesh_config::{ForwardClientCertDetails, HeaderEnable, HeaderSwitch, ProxyHeaders};
use meshc_plan::{ClientCertDetails, ForwardClientCert, ServerHeader};

use super::ConnectionClass;
use crate::context::ProxyContext;

fn headers<'a>(cx: &'a ProxyContext<'_>) -> Option<&'a ProxyHeaders> {
    cx.workload.proxy_config.proxy_headers.as_ref()
}

fn disabled(switch: Option<&HeaderSwitch>) -> bool {
    switch.and_then(|switch| switch.disabled).unwrap_or(false)
}

fn enabled(switch: Option<&HeaderEnable>) -> bool {
    switch.and_then(|switch| switch.enabled).unwrap_or(false)
}

/// The `server` header: `istio-envoy` where requests arrive, Envoy's own name where they leave.
pub(super) fn server_header(cx: &ProxyContext<'_>, class: ConnectionClass) -> ServerHeader {
    let stated = headers(cx).and_then(|headers| headers.server.as_ref());
    if stated.is_some_and(|server| server.disabled == Some(true)) {
        return ServerHeader::PassThrough;
    }
    match stated.map(|server| server.value.as_str()).filter(|value| !value.is_empty()) {
        Some(value) => ServerHeader::Overwrite(value.to_owned()),
        None if class == ConnectionClass::Outbound => ServerHeader::Default,
        None => ServerHeader::Overwrite("istio-envoy".to_owned()),
    }
}

/// What happens to `x-forwarded-client-cert`. Gateways only listen to `gatewayTopology`, sidecars only to `proxyHeaders`.
pub(super) fn forward_client_cert(
    cx: &ProxyContext<'_>,
    class: ConnectionClass,
) -> Option<ForwardClientCert> {
    let (stated, default) = match class {
        ConnectionClass::Outbound => return None,
        ConnectionClass::Inbound => {
            (headers(cx).map(|headers| headers.forwarded_client_cert), ForwardClientCert::AppendForward)
        }
        ConnectionClass::Gateway => {
            let topology = cx.workload.proxy_config.gateway_topology.as_ref();
            (topology.map(|topology| topology.forward_client_cert_details), ForwardClientCert::SanitizeSet)
        }
    };
    Some(match stated.unwrap_or_default() {
        ForwardClientCertDetails::Undefined => default,
        ForwardClientCertDetails::Sanitize => ForwardClientCert::Sanitize,
        ForwardClientCertDetails::ForwardOnly => ForwardClientCert::ForwardOnly,
        ForwardClientCertDetails::AppendForward => ForwardClientCert::AppendForward,
        ForwardClientCertDetails::SanitizeSet => ForwardClientCert::SanitizeSet,
        ForwardClientCertDetails::AlwaysForwardOnly => ForwardClientCert::AlwaysForwardOnly,
    })
}

/// What is written into `x-forwarded-client-cert`; nothing where Envoy does not write it.
pub(super) fn client_cert_details(
    cx: &ProxyContext<'_>,
    class: ConnectionClass,
) -> Option<ClientCertDetails> {
    let written = matches!(
        forward_client_cert(cx, class)?,
        ForwardClientCert::AppendForward | ForwardClientCert::SanitizeSet
    );
    if !written {
        return None;
    }
    if class == ConnectionClass::Gateway {
        return Some(ClientCertDetails { subject: true, cert: true, chain: false, dns: true, uri: true });
    }
    let stated = headers(cx).and_then(|headers| headers.set_current_client_cert_details.as_ref());
    Some(ClientCertDetails {
        subject: stated.and_then(|stated| stated.subject).unwrap_or(true),
        cert: stated.and_then(|stated| stated.cert).unwrap_or(false),
        chain: stated.and_then(|stated| stated.chain).unwrap_or(false),
        dns: stated.and_then(|stated| stated.dns).unwrap_or(true),
        uri: stated.and_then(|stated| stated.uri).unwrap_or(true),
    })
}

/// Whether a request without an id gets one; `None` leaves it to Envoy, which makes one.
pub(super) fn generate_request_id(cx: &ProxyContext<'_>) -> Option<bool> {
    disabled(headers(cx).and_then(|headers| headers.request_id.as_ref())).then_some(false)
}

/// Whether requests carry `x-envoy-attempt-count`.
pub(crate) fn attempt_count(cx: &ProxyContext<'_>) -> bool {
    !disabled(headers(cx).and_then(|headers| headers.attempt_count.as_ref()))
}

/// Whether `x-envoy-*` headers are left out of responses.
pub(super) fn suppress_envoy_headers(cx: &ProxyContext<'_>) -> bool {
    disabled(headers(cx).and_then(|headers| headers.envoy_debug_headers.as_ref()))
}

/// Whether the case of HTTP/1 header names is kept.
pub(super) fn preserve_header_case(cx: &ProxyContext<'_>) -> bool {
    headers(cx).and_then(|headers| headers.preserve_http1_header_case).unwrap_or(false)
}

/// Whether `x-forwarded-port` is added.
pub(super) fn append_forwarded_port(cx: &ProxyContext<'_>) -> bool {
    enabled(headers(cx).and_then(|headers| headers.x_forwarded_port.as_ref()))
}

/// Whether `x-forwarded-host` is added where a route replaces the host.
pub(super) fn append_forwarded_host(cx: &ProxyContext<'_>) -> bool {
    enabled(headers(cx).and_then(|headers| headers.x_forwarded_host.as_ref()))
}
