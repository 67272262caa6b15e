//! HTTP/3.

use std::sync::Arc;

use super::to;
use crate::plan::*;

/// A listener for QUIC, whose only server asks for no client certificate.
pub(super) fn quic_listener() -> Listener {
    let port = 8444;
    let table = Arc::new(table(
        RouteTableName::GatewayHttps {
            port: 443,
            port_name: "http3".into(),
            gateway: "gw".into(),
            namespace: "edge".into(),
            bind: None,
        },
        vec![virtual_host(
            "h.example:443",
            &["h.example"],
            vec![route(any_request(), to(outbound(80, "plain.example")))],
        )],
    ));
    let sni = ChainMatch { server_names: strings(&["h.example"]), ..ChainMatch::default() };
    let certificate = CertificateSource::Secret { name: "simple".into() };
    let tls = super::server_tls(certificate, None).map(|tls| DownstreamTls { alpn: strings(&["h3"]), ..tls });
    let connection = http("outbound_0.0.0.0_8444;", RouteSource::Inline(table), Vec::new());
    let filters = vec![NetworkFilter::Http(Box::new(connection))];
    Listener {
        transport: ListenerTransport::Quic,
        max_accepts_per_event: None,
        ..listener(
            ListenerName::Udp { address: WILDCARD, port },
            port,
            Capture::Bound,
            vec![FilterChain { tls, ..chain(None, sni, filters) }],
        )
    }
}
