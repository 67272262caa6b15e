//! A call: one connection, with one request on it if it carries HTTP.

use std::net::IpAddr;

use meshc_contract::SpiffeId;
use meshc_plan::CertificateSource;
use serde_json::Value;

/// One connection that arrives at a proxy, with one request on it if it carries HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// How the connection arrives.
    pub mode: CallMode,
    /// Where the client wanted to connect to.
    pub dialled: Dialled,
    /// The port that it wanted to connect to.
    pub port: u16,
    /// What is spoken, inside of TLS if there is TLS.
    pub protocol: CallProtocol,
    /// TLS of the client.
    pub tls: CallTls,
    /// Server name that a TLS client states; without meaning in plain text.
    pub server_name: Option<String>,
    /// Application protocols that a TLS client offers, in its order; without meaning in plain text.
    pub alpn: Vec<String>,
    /// Identity in the certificate that the client presents when it is asked for one; `None`: unknown.
    pub identity: Option<SpiffeId>,
    /// Address of the client; `None`: some address that no policy names.
    pub source: Option<IpAddr>,
    /// HTTP method.
    pub method: String,
    /// `Host` header or `:authority`.
    pub host: Option<String>,
    /// Path with its query.
    pub path: String,
    /// Other request headers, in order.
    pub headers: Vec<(String, String)>,
    /// A JSON web token that the request carries where its issuer wants it.
    pub token: Option<Token>,
}

impl Call {
    /// `GET /` over plain HTTP/1.1 to a port, at an address that nothing else is bound to.
    #[must_use]
    pub fn new(mode: CallMode, port: u16) -> Self {
        Self {
            mode,
            dialled: Dialled::Anything,
            port,
            protocol: CallProtocol::Http1,
            tls: CallTls::Plaintext,
            server_name: None,
            alpn: Vec::new(),
            identity: None,
            source: None,
            method: "GET".to_owned(),
            host: None,
            path: "/".to_owned(),
            headers: Vec::new(),
            token: None,
        }
    }
}

/// How a connection arrives at a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallMode {
    /// The application behind the proxy makes it.
    Outbound,
    /// It is made to the application behind the proxy.
    Inbound,
    /// It is made to the proxy itself.
    Gateway,
}

/// Where a client connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialled {
    /// An address that no listener and no criterion names.
    Anything,
    /// An address.
    Ip(IpAddr),
    /// A Unix domain socket.
    Socket(String),
}

impl Dialled {
    /// The address, if it is one that criteria may name.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Anything | Self::Socket(_) => None,
        }
    }
}

/// What is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallProtocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 (with prior knowledge, or as ALPN agreed).
    Http2,
    /// Anything else.
    Tcp,
}

/// TLS of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallTls {
    /// None.
    Plaintext,
    /// It presents no certificate and accepts any.
    Tls,
    /// It insists on mutual TLS and presents a certificate.
    Mutual {
        /// The certificate that it accepts; `None` accepts any. Istio's clients accept [`CertificateSource::Workload`].
        accepts: Option<CertificateSource>,
    },
}

/// A JSON web token.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its claims, `iss` among them.
    pub payload: Value,
    /// Whether it is signed by a key of its issuer and not expired.
    pub valid: bool,
}
