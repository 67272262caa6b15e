//! Ingress listeners of a Sidecar: ports that it states in place of those that Services lead to (translation-spec §4.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use meshc_api::istio::{
    self, CaptureMode, ConnectionPoolSettings, IstioIngressListener, ServerTlsMode, ServerTlsSettings,
};
use meshc_api::mesh_config::InboundTrafficPolicyMode;
use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};
use meshc_model::{Interception, MtlsMode, Protocol, ServicePort, TargetPort};
use meshc_plan::DownstreamTls;

use crate::context::ProxyContext;
use crate::gateway::downstream_tls;

/// One ingress listener.
#[derive(Debug, Clone)]
pub(crate) struct IngressListener {
    /// Port that clients connect to.
    pub(crate) port: ServicePort,
    /// Address as stated.
    pub(crate) bind: Option<IpAddr>,
    /// Whether the proxy binds the port itself instead of taking captured connections.
    pub(crate) bound: bool,
    /// Where the application listens.
    pub(crate) endpoint: ApplicationEndpoint,
    /// TLS that the proxy terminates in place of mTLS of the mesh.
    pub(crate) tls: Option<DownstreamTls>,
    /// Limits of this listener.
    pub(crate) connection_pool: Option<ConnectionPoolSettings>,
    /// Where it stands.
    pub(crate) origin: Origin,
}

/// Where the application listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApplicationEndpoint {
    /// On the address that the client dialled, on its port or on another one.
    Dialled(Option<u16>),
    /// On a loopback address.
    Local(IpAddr, u16),
    /// On a Unix domain socket.
    Unix(String),
}

/// The ingress listeners of the Sidecar that applies to a proxy, in their order.
pub(super) fn listeners(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Vec<IngressListener> {
    let Some(sidecar) = &cx.scope.sidecar else { return Vec::new() };
    let read = |(index, listener)| {
        let origin = sidecar.origin(&format!("spec.ingress[{index}]"));
        read(cx, listener, origin, diags)
    };
    sidecar.spec.ingress.iter().enumerate().filter_map(read).collect()
}

/// Limits of all inbound ports that the Sidecar of a proxy states.
pub(super) fn inbound_pool(cx: &ProxyContext<'_>) -> Option<ConnectionPoolSettings> {
    cx.scope.sidecar.as_ref().and_then(|sidecar| sidecar.spec.inbound_connection_pool.clone())
}

/// Where the application of a proxy listens when nothing states it: on the dialled address, or on loopback if the mesh
/// says so.
pub(crate) fn default_endpoint(cx: &ProxyContext<'_>, port: u16) -> ApplicationEndpoint {
    match cx.mesh.config.inbound_traffic_policy.as_ref().map(|policy| policy.mode) {
        Some(InboundTrafficPolicyMode::Localhost) => {
            ApplicationEndpoint::Local(loopback(cx.workload.is_ipv6()), port)
        }
        Some(InboundTrafficPolicyMode::Passthrough) | None => ApplicationEndpoint::Dialled(None),
    }
}

fn loopback(ipv6: bool) -> IpAddr {
    if ipv6 { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) }
}

fn read(
    cx: &ProxyContext<'_>,
    listener: &IstioIngressListener,
    origin: Origin,
    diags: &mut Diagnostics,
) -> Option<IngressListener> {
    let port = listener.port.as_ref()?;
    let number = u16::try_from(port.number?).ok().filter(|port| *port > 0)?;
    let stated = listener.default_endpoint.as_deref().unwrap_or_default();
    let endpoint = match endpoint(stated) {
        // Pods of one IP family have one loopback address, whatever is stated.
        Some(ApplicationEndpoint::Local(_, port)) if !cx.workload.both_families => {
            ApplicationEndpoint::Local(loopback(cx.workload.is_ipv6()), port)
        }
        Some(endpoint) => endpoint,
        None => {
            diags.push(bad_endpoint(cx, stated, &origin));
            ApplicationEndpoint::Dialled(None)
        }
    };
    let tls = listener.tls.as_ref().and_then(|settings| terminated(cx, settings, number, &origin, diags));
    let bound = match listener.capture_mode {
        None | Some(CaptureMode::Default) => cx.workload.interception == Interception::None,
        Some(mode) => mode == CaptureMode::None,
    };
    let endpoint = if bound { without_capture(cx, endpoint, &origin, diags) } else { endpoint };
    Some(IngressListener {
        port: service_port(port, number, tls.is_some()),
        tls,
        bind: listener.bind.as_deref().and_then(|bind| bind.parse().ok()),
        bound,
        endpoint,
        connection_pool: listener.connection_pool.clone(),
        origin,
    })
}

/// What is spoken on a port counts after TLS, where the proxy terminates it.
fn service_port(port: &istio::SidecarPort, number: u16, terminated: bool) -> ServicePort {
    let stated = Protocol::parse(port.protocol.as_deref().unwrap_or_default());
    ServicePort {
        name: port.name.clone().unwrap_or_default(),
        number,
        target: TargetPort::Same,
        protocol: match stated {
            Protocol::Https if terminated => Protocol::Http,
            Protocol::Tls if terminated => Protocol::Tcp,
            stated => stated,
        },
    }
}

/// TLS that a listener states. It counts where istiod is told to let it (`ENABLE_TLS_ON_SIDECAR_INGRESS`) and no mTLS of the
/// mesh is taken on the port.
fn terminated(
    cx: &ProxyContext<'_>,
    settings: &ServerTlsSettings,
    port: u16,
    origin: &Origin,
    diags: &mut Diagnostics,
) -> Option<DownstreamTls> {
    if !cx.mesh.features.enable_tls_on_sidecar_ingress {
        let finding = without_effect("unless istiod's `ENABLE_TLS_ON_SIDECAR_INGRESS` is set")
            .help("set the variable in the file that `--istiod-env` names, or let the application or a gateway terminate TLS");
        diags.push(at_listener(cx, finding, origin));
        return None;
    }
    if cx.mesh.inbound_mtls(cx.workload).port(port) != MtlsMode::Disable {
        let finding = without_effect("while the port takes mTLS of the mesh").help(
            "state `mode: DISABLE` for the port in `portLevelMtls` of a PeerAuthentication for the workload",
        );
        diags.push(at_listener(cx, finding, origin));
        return None;
    }
    let mode = settings.mode.unwrap_or(ServerTlsMode::Simple);
    downstream_tls(cx, settings, mode, true)
}

fn without_effect(why: &str) -> Diagnostic {
    let message = format!("`tls` of an ingress listener has no effect {why}");
    Diagnostic::new(&codes::FIELD_WITHOUT_EFFECT, message)
        .consequence("the proxy does not terminate this TLS; it passes to the application")
}

/// Reads `127.0.0.1:8080`, `0.0.0.0:8080`, `[::1]:8080`, `[::]:8080`, `unix:///path` or nothing.
fn endpoint(text: &str) -> Option<ApplicationEndpoint> {
    if text.is_empty() {
        return Some(ApplicationEndpoint::Dialled(None));
    }
    if let Some(path) = text.strip_prefix("unix://") {
        return Some(ApplicationEndpoint::Unix(path.to_owned()));
    }
    let (address, port) = text.rsplit_once(':')?;
    let address = address.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok()?;
    let port = port.parse().ok()?;
    if address.is_loopback() {
        Some(ApplicationEndpoint::Local(address, port))
    } else if address.is_unspecified() {
        // istiod writes the address of the pod, which is the one that was dialled.
        Some(ApplicationEndpoint::Dialled(Some(port)))
    } else {
        None
    }
}

/// Where the application listens behind a listener that binds its port. A connection to it keeps no address that it was meant
/// for, so Envoy finds no host that was dialled; an application on all addresses is on the loopback address, too.
fn without_capture(
    cx: &ProxyContext<'_>,
    endpoint: ApplicationEndpoint,
    origin: &Origin,
    diags: &mut Diagnostics,
) -> ApplicationEndpoint {
    let ApplicationEndpoint::Dialled(port) = endpoint else { return endpoint };
    let Some(port) = port else {
        let message = "an ingress listener that binds its port does not say where the application listens";
        let finding = Diagnostic::new(&codes::SIDECAR_INGRESS_ENDPOINT, message)
            .consequence("connections to it are closed, as with istiod")
            .help("state `defaultEndpoint: 127.0.0.1:PORT` with the port of the application");
        diags.push(at_listener(cx, finding, origin));
        return endpoint;
    };
    let local = loopback(cx.workload.is_ipv6());
    let message = format!(
        "the address of the pod for `defaultEndpoint` with port {port} is not known when the mesh is compiled"
    );
    let finding = Diagnostic::new(&codes::SIDECAR_INGRESS_ENDPOINT, message)
        .consequence(format!("the proxy forwards to {local}, where an application that listens on the address of the pod alone is not"))
        .help(format!("let the application listen on all addresses or on {local}, and state the latter"));
    diags.push(at_listener(cx, finding, origin));
    ApplicationEndpoint::Local(local, port)
}

fn bad_endpoint(cx: &ProxyContext<'_>, text: &str, origin: &Origin) -> Diagnostic {
    let message = format!("`{text}` is no place where an application can listen");
    let finding = Diagnostic::new(&codes::SIDECAR_INGRESS_ENDPOINT, message)
        .consequence("the proxy forwards to the port that the client dialled, on the address of the pod")
        .help("state `127.0.0.1:PORT`, `0.0.0.0:PORT` (the address of the pod), `unix:///PATH`, or nothing");
    at_listener(cx, finding, origin)
}

fn at_listener(cx: &ProxyContext<'_>, mut finding: Diagnostic, origin: &Origin) -> Diagnostic {
    if let Origin::Declared { span, .. } = origin {
        finding = finding.at(*span, "");
    }
    match cx.scope.sidecar.as_ref() {
        Some(sidecar) => finding.about(sidecar.object_ref(), "spec.ingress"),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_loopback_the_pod_a_socket_or_what_was_dialled() {
        let local = |address: &str, port| Some(ApplicationEndpoint::Local(address.parse().unwrap(), port));
        assert_eq!(endpoint("127.0.0.1:8080"), local("127.0.0.1", 8080));
        assert_eq!(endpoint("[::1]:8080"), local("::1", 8080));
        assert_eq!(endpoint("0.0.0.0:80"), Some(ApplicationEndpoint::Dialled(Some(80))));
        assert_eq!(endpoint("[::]:80"), Some(ApplicationEndpoint::Dialled(Some(80))));
        assert_eq!(endpoint("unix:///run/app"), Some(ApplicationEndpoint::Unix("/run/app".to_owned())));
        assert_eq!(endpoint(""), Some(ApplicationEndpoint::Dialled(None)));
        for text in ["8080", "10.0.0.1:80", "localhost:80", "127.0.0.1:http"] {
            assert_eq!(endpoint(text), None, "{text}");
        }
    }
}
