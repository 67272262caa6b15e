//! The call that a proxy makes to an endpoint.

use meshc_contract::SpiffeId;
use meshc_plan::{CertificateSource, Upstream, UpstreamProtocol, UpstreamTls, UpstreamTlsChoice};

use crate::call::{Call, CallMode, CallProtocol, CallTls, Dialled};
use crate::request::HttpRequest;
use crate::tls::Transport;

/// What a proxy sends on.
#[derive(Debug, Clone)]
pub(super) enum Payload {
    /// A request.
    Http(Box<HttpRequest>),
    /// Bytes, as they came or decrypted.
    Bytes(Transport),
}

/// The proxy that sends, with the call that it got.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender<'s> {
    pub(super) identity: &'s SpiffeId,
    pub(super) call: &'s Call,
}

/// The call to an endpoint, which takes Istio mTLS or not.
pub(super) fn call(from: Sender<'_>, upstream: &Upstream, mtls: bool, port: u16, payload: &Payload) -> Call {
    let tls = match &upstream.tls {
        UpstreamTlsChoice::Always(tls) => Some(tls.as_ref()),
        UpstreamTlsChoice::Auto(tls) if mtls => Some(tls.as_ref()),
        UpstreamTlsChoice::Auto(_) | UpstreamTlsChoice::None | UpstreamTlsChoice::Withheld => None,
    };
    let carried = carried(from.call, upstream, tls.is_some(), payload);
    let call = Call { mode: CallMode::Inbound, dialled: Dialled::Anything, port, source: None, ..carried };
    match tls {
        None => call,
        Some(tls) => secured(tls, from.identity, call, payload),
    }
}

/// What is inside of the TLS of the proxy.
fn carried(from: &Call, upstream: &Upstream, secured: bool, payload: &Payload) -> Call {
    match payload {
        Payload::Http(request) => Call {
            protocol: match upstream.protocol {
                UpstreamProtocol::Default | UpstreamProtocol::Http1 { .. } => CallProtocol::Http1,
                UpstreamProtocol::Http2 => CallProtocol::Http2,
                UpstreamProtocol::Downstream { .. } => from.protocol,
            },
            tls: CallTls::Plaintext,
            server_name: None,
            alpn: Vec::new(),
            method: request.method.clone(),
            host: Some(request.authority.clone()),
            path: request.path.clone(),
            headers: request.headers.clone(),
            ..from.clone()
        },
        // TLS inside of TLS is no HTTP to anybody on the way.
        Payload::Bytes(Transport::Opaque) if secured => Call { protocol: CallProtocol::Tcp, ..from.clone() },
        Payload::Bytes(Transport::Opaque) => from.clone(),
        Payload::Bytes(_) => {
            Call { tls: CallTls::Plaintext, server_name: None, alpn: Vec::new(), ..from.clone() }
        }
    }
}

fn secured(tls: &UpstreamTls, identity: &SpiffeId, call: Call, payload: &Payload) -> Call {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let authority = call.host.as_deref().map(meshc_contract::traffic::host::without_port).map(str::to_owned);
    let alpn = match (tls.istio_mutual, payload, call.protocol) {
        (true, Payload::Http(_), CallProtocol::Http2) => words(&["istio-h2", "istio"]),
        (true, Payload::Http(_), _) => words(&["istio-http/1.1", "istio"]),
        _ => tls.alpn.clone(),
    };
    let tls_of_call = match &tls.certificate {
        Some(CertificateSource::Workload) => {
            CallTls::Mutual { accepts: tls.istio_mutual.then_some(CertificateSource::Workload) }
        }
        Some(_) => CallTls::Mutual { accepts: None },
        None => CallTls::Tls,
    };
    // Another certificate than that of the workload tells nothing about it.
    let of_workload = tls.certificate == Some(CertificateSource::Workload);
    Call {
        tls: tls_of_call,
        identity: of_workload.then(|| identity.clone()),
        server_name: tls.sni.clone().or(authority),
        alpn,
        ..call
    }
}
