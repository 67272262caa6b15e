//! HTTP/3 of gateways (translation-spec §5.4): where `PILOT_ENABLE_QUIC_LISTENERS` asks for it, a listener for QUIC stands
//! beside the one for TCP, and answers over TCP tell clients of it (`alt-svc`).

use meshc_api::istio::ServerTlsMode;
use meshc_diagnostics::{Diagnostic, Origin, codes};
use meshc_model::Protocol;
use meshc_plan::{
    BindAddress, ClientCertificate, DownstreamTls, FilterChain, Listener, ListenerFilters, ListenerName,
    ListenerTransport,
};

use super::servers::GatewayServer;
use crate::context::ProxyContext;
use crate::listener::bind::address;

/// Why a server that could speak HTTP/3 does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    /// Over QUIC no client certificate is asked for, so that clients without one would get in.
    ClientCertificate,
    /// No Service lets datagrams to the port through.
    NoUdpPort,
    /// The Service leads datagrams to this port, where nothing listens.
    OtherTarget(u16),
}

/// Whether clients are told that a server speaks HTTP/3, and find it there.
pub(super) fn is_offered(cx: &ProxyContext<'_>, server: &GatewayServer) -> bool {
    is_asked_for(cx, server) && obstacle(cx, server).is_none()
}

/// What keeps a server from HTTP/3, if it is asked for.
pub(super) fn finding(cx: &ProxyContext<'_>, server: &GatewayServer) -> Option<Diagnostic> {
    let obstacle = is_asked_for(cx, server).then(|| obstacle(cx, server))??;
    let GatewayServer { port, listen_port, .. } = server;
    let (why, help) = match obstacle {
        Obstacle::ClientCertificate => (
            "it checks certificates of clients, which are not asked for over QUIC".to_owned(),
            "nothing, if HTTP/2 is enough".to_owned(),
        ),
        Obstacle::NoUdpPort => (
            format!("no Service of the gateway has a port {port} of UDP"),
            format!(
                "add `protocol: UDP, port: {port}, targetPort: {listen_port}` to the ports of the Service"
            ),
        ),
        Obstacle::OtherTarget(target) => (
            format!(
                "the Service of the gateway leads port {port} of UDP to {target}, and that of TCP to {listen_port}"
            ),
            "let both ports of the Service have one `targetPort`".to_owned(),
        ),
    };
    let path = format!("{}.port", server.path());
    let message =
        format!("PILOT_ENABLE_QUIC_LISTENERS asks for HTTP/3, and the server cannot have it: {why}");
    let finding = Diagnostic::new(&codes::HTTP3_NOT_OFFERED, message)
        .at(server.gateway.span(&path), "")
        .consequence("clients use HTTP/2 and HTTP/1.1 over TCP")
        .help(help)
        .about(server.gateway.object_ref(), path);
    Some(finding)
}

/// The listener for QUIC beside one for TCP, with the chains of the servers at these places; `None` if there are none.
pub(super) fn sibling(listener: &Listener, offered: &[Origin]) -> Option<Listener> {
    let ListenerName::Address { address, port } = listener.name else { return None };
    let is_offered = |chain: &&FilterChain| offered.contains(&chain.origin);
    let chains: Vec<FilterChain> = listener.chains.iter().filter(is_offered).map(over_quic).collect();
    (!chains.is_empty()).then(|| Listener {
        name: ListenerName::Udp { address, port },
        transport: ListenerTransport::Quic,
        // QUIC tells the server name itself, and there is no connection to be accepted.
        filters: ListenerFilters::default(),
        max_accepts_per_event: None,
        chains,
        ..listener.clone()
    })
}

fn over_quic(chain: &FilterChain) -> FilterChain {
    let tls = chain.tls.clone().map(|tls| DownstreamTls {
        alpn: vec!["h3".to_owned()],
        client: ClientCertificate { required: false, ..tls.client },
        ..tls
    });
    FilterChain { tls, ..chain.clone() }
}

fn is_asked_for(cx: &ProxyContext<'_>, server: &GatewayServer) -> bool {
    let on_socket = |bind: &str| !matches!(address(bind), BindAddress::Ip(_));
    cx.mesh.features.enable_quic_listeners
        && server.protocol == Protocol::Https
        && server.is_http()
        && !server.bind().is_some_and(on_socket)
}

fn obstacle(cx: &ProxyContext<'_>, server: &GatewayServer) -> Option<Obstacle> {
    if server.tls_mode() != Some(ServerTlsMode::Simple) {
        return Some(Obstacle::ClientCertificate);
    }
    let targets = cx.workload.targets.iter();
    let mut datagrams = targets
        .filter(|target| target.port.number == server.port && target.port.protocol == Protocol::Udp)
        .map(|target| target.target_port)
        .peekable();
    match datagrams.peek().copied() {
        None => Some(Obstacle::NoUdpPort),
        Some(_) if datagrams.any(|target| target == server.listen_port) => None,
        Some(target) => Some(Obstacle::OtherTarget(target)),
    }
}
