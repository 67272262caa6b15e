//! What an echo application does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Configuration of one echo process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EchoConfig {
    /// `<namespace>.<workload>`.
    pub workload: String,
    /// Name of the pod.
    pub pod: String,
    /// Version that answers tell, or nothing.
    pub version: String,
    /// Ports that it listens on.
    pub ports: Vec<EchoPort>,
    /// What it does on which path; the longest prefix wins.
    pub paths: Vec<EchoPath>,
    /// Its certificate, if it has a port that speaks TLS.
    #[serde(default)]
    pub tls: Option<EchoTls>,
    /// Headers that it copies from a request to the calls it makes in order to answer, besides those of tracing.
    pub forward: Vec<String>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EchoTls {
    /// Certificate, PEM.
    pub certificate: String,
    /// Private key, PEM.
    pub key: String,
}

/// A port of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EchoPort {
    /// The number.
    pub port: u16,
    /// What is spoken there.
    pub protocol: EchoProtocol,
}

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EchoProtocol {
    /// HTTP/1.1 and HTTP/2 without TLS; gRPC is answered as HTTP/2 with trailers.
    Http,
    /// The same within TLS.
    Https,
    /// Lines: each is answered with one line of JSON.
    Tcp,
}

/// What an application does on a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EchoPath {
    /// Prefix of the path.
    pub prefix: String,
    /// URLs that are called, one after the other, before the answer.
    pub calls: Vec<String>,
    /// An error instead of the answer.
    pub fault: Option<EchoFault>,
    /// Time that passes before the answer.
    #[serde(with = "crate::duration::option", default)]
    pub delay: Option<Duration>,
    /// Headers of the answer.
    pub headers: std::collections::BTreeMap<String, String>,
}

/// An error that an application makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EchoFault {
    /// HTTP status.
    pub status: u16,
    /// How many attempts at the same request (`x-request-id`) fail; absent: all of them.
    #[serde(default)]
    pub attempts: Option<u32>,
}
