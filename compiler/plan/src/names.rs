//! Names of plan nodes. They are structures; an emitter spells them, and nothing parses a spelling back.

use std::net::IpAddr;

/// Which way traffic of a node flows, seen from the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From outside to the workload.
    Inbound,
    /// From the workload (and everything a gateway does) to others.
    Outbound,
}

/// Name of an upstream (a cluster of Envoy).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UpstreamName {
    /// A port of a service, or a subset of it: `outbound|<port>|<subset>|<host>`.
    Outbound {
        /// Port of the service.
        port: u16,
        /// Subset of its DestinationRule, if any.
        subset: Option<String>,
        /// Fully qualified host.
        host: String,
    },
    /// What an east-west gateway forwards to by SNI: `outbound_.<port>_.<subset>_.<host>`.
    SniDnat {
        /// Port of the service.
        port: u16,
        /// Subset of its DestinationRule, if any.
        subset: Option<String>,
        /// Fully qualified host.
        host: String,
    },
    /// The application itself on a target port: `inbound|<port>||`.
    Inbound {
        /// Port of the application (target port), or the port of a Sidecar ingress listener.
        port: u16,
    },
    /// Whatever refuses traffic: no endpoint at all.
    BlackHole,
    /// The address that the application dialled.
    Passthrough,
    /// The application, on the port that the client dialled.
    InboundPassthrough,
    /// `AllowAnyDynamicDNSCluster` of outbound traffic policy ALLOW_ANY_DYNAMIC_DNS.
    AllowAnyDynamicDns,
    /// A destination that could not be resolved at all (istiod writes `UnknownService`).
    UnknownService,
    /// What the process of a proxy itself reports to.
    Process(ProcessUpstream),
}

/// What the process of a proxy itself reports to, by an address of its own and not through a service of the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProcessUpstream {
    /// A Zipkin collector: `zipkin`.
    Zipkin,
    /// A Datadog agent: `datadog_agent`.
    Datadog,
    /// A service that takes metrics: `envoy_metrics_service`.
    MetricsService,
    /// A service that takes access logs: `envoy_accesslog_service`.
    AccessLogService,
}

/// Name of a listener.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListenerName {
    /// Captured outbound traffic arrives here first.
    VirtualOutbound,
    /// Captured inbound traffic arrives here.
    VirtualInbound,
    /// `<address>_<port>`.
    Address {
        /// The address that is part of the name, `0.0.0.0` for the wildcard.
        address: IpAddr,
        /// The port that is part of the name.
        port: u16,
    },
    /// A Unix domain socket: its path.
    Unix(String),
    /// `udp_<address>_<port>`, beside the listener of the same address and port that takes TCP.
    Udp {
        /// The address that is part of the name.
        address: IpAddr,
        /// The port that is part of the name.
        port: u16,
    },
}

/// Name of a route table (a RouteConfiguration of Envoy).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteTableName {
    /// All HTTP services of a port, for a sidecar: `<port>`.
    Port(u16),
    /// One service on a listener of its own: `<host>:<port>`.
    HostPort {
        /// Fully qualified host.
        host: String,
        /// Port of the service.
        port: u16,
    },
    /// The HTTP proxy listener of a sidecar.
    HttpProxy,
    /// A Unix domain socket listener: its path.
    Unix(String),
    /// Plain HTTP servers of a gateway: `http.<listener port>[.<bind>]`.
    GatewayHttp {
        /// Port of the listener (the target port).
        port: u16,
        /// `bind` of the server, if stated.
        bind: Option<String>,
    },
    /// One HTTPS server of a gateway: `https.<server port>.<port name>.<gateway>.<namespace>[.<bind>]`.
    GatewayHttps {
        /// Port of the server as the Gateway states it.
        port: u16,
        /// Name of the server's port.
        port_name: String,
        /// Name of the Gateway.
        gateway: String,
        /// Namespace of the Gateway.
        namespace: String,
        /// `bind` of the server, if stated.
        bind: Option<String>,
    },
    /// The route of an inbound chain; named like the upstream it leads to.
    Inbound(UpstreamName),
    /// Captured outbound HTTP to unknown hosts, under outbound traffic policy ALLOW_ANY_DYNAMIC_DNS:
    /// `allow_any_dynamic_dns`.
    AllowAnyDynamicDns,
}
