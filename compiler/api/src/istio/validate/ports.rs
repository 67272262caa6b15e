//! Port numbers, names and protocols.

use super::names::is_label;
use crate::admission::{At, Report};

/// A port number from 1 to 65535; an absent one counts as 0.
pub(super) fn number(at: &At<'_>, number: Option<u32>, report: &mut Report) {
    let number = number.unwrap_or_default();
    if !(1..=65535).contains(&number) {
        report.refuse(at, format!("port number {number} is not between 1 and 65535"));
    }
}

/// A port number where one is stated and not 0.
pub(super) fn optional_number(at: &At<'_>, stated: Option<u32>, report: &mut Report) {
    if stated.is_some_and(|stated| stated != 0) {
        number(at, stated, report);
    }
}

/// A port name: one label of a host name.
pub(super) fn name(at: &At<'_>, name: &str, report: &mut Report) {
    if !is_label(name) {
        report.refuse(at, format!("`{name}` is not a port name: use letters, digits and `-`, at most 63"));
    }
}

/// Protocols that Istio knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Tcp,
    Udp,
    Http,
    /// Requests to a proxy, which choose the destination themselves.
    HttpProxy,
    Http2,
    Grpc,
    GrpcWeb,
    Https,
    Tls,
    Mongo,
    Redis,
    MySql,
    Hbone,
}

impl Protocol {
    /// The protocol of a name, in any case.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            "http" => Self::Http,
            "http_proxy" => Self::HttpProxy,
            "http2" => Self::Http2,
            "grpc" => Self::Grpc,
            "grpc-web" => Self::GrpcWeb,
            "https" => Self::Https,
            "tls" => Self::Tls,
            "mongo" => Self::Mongo,
            "redis" => Self::Redis,
            "mysql" => Self::MySql,
            "hbone" => Self::Hbone,
            _ => return None,
        })
    }

    /// Whether requests can be told apart.
    pub(super) fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::HttpProxy | Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// Whether connections carry a server name.
    pub(super) fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Whether connections are all that can be told apart.
    pub(super) fn is_tcp(self) -> bool {
        matches!(self, Self::Tcp | Self::Https | Self::Tls | Self::Mongo | Self::Redis | Self::MySql)
    }
}

/// A protocol that Istio knows, or none, which is found out from the traffic.
pub(super) fn protocol(at: &At<'_>, name: &str, report: &mut Report) {
    if !name.is_empty() && Protocol::parse(name).is_none() {
        report.refuse(at, format!("`{name}` is not a protocol that Istio knows"));
    }
}
