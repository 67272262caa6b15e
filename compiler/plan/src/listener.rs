//! Listeners.

use std::net::IpAddr;
use std::time::Duration;

use meshc_diagnostics::Origin;

use crate::{AccessLog, Direction, FilterChain, ListenerName};

/// One place where the proxy takes connections.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Name.
    pub name: ListenerName,
    /// Address that is bound, or matched against the original destination.
    pub bind: Bind,
    /// Further addresses (dual-stack services).
    pub additional: Vec<Bind>,
    /// What carries connections to it.
    pub transport: ListenerTransport,
    /// How connections arrive.
    pub capture: Capture,
    /// Traffic direction that Envoy counts it under.
    pub direction: Direction,
    /// Inspectors and the like, in the order of execution.
    pub filters: ListenerFilters,
    /// `listener_filters_timeout`; `None` leaves Envoy's 15 s.
    pub filters_timeout: Option<Duration>,
    /// Whether a connection goes on when the inspectors time out.
    pub continue_on_filters_timeout: bool,
    /// Whether accepted connections are balanced exactly over worker threads.
    pub exact_balance: bool,
    /// `max_connections_to_accept_per_socket_event`; `None` leaves Envoy's default.
    pub max_accepts_per_event: Option<u32>,
    /// `per_connection_buffer_limit_bytes`; `None` leaves Envoy's default.
    pub buffer_limit: Option<u32>,
    /// Filter chains in order; Envoy picks by match, so order only matters to readers.
    pub chains: Vec<FilterChain>,
    /// The chain for what no other chain matches.
    pub default_chain: Option<FilterChain>,
    /// Logs of connections that no chain took.
    pub access_logs: Vec<AccessLog>,
    /// Why the listener exists.
    pub origin: Origin,
}

/// What carries connections to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerTransport {
    /// TCP, or a stream over a Unix domain socket.
    Tcp,
    /// QUIC over UDP: chains terminate its TLS, and HTTP on them is HTTP/3.
    Quic,
}

/// An address and port, or a Unix domain socket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bind {
    /// The address.
    pub address: BindAddress,
    /// The port; 0 for a Unix domain socket.
    pub port: u16,
}

/// What is bound.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum BindAddress {
    /// An IP address, possibly the wildcard.
    Ip(IpAddr),
    /// A CIDR text or another literal that a ServiceEntry states and Envoy is given as is.
    Literal(String),
    /// Path of a Unix domain socket.
    Unix(String),
}

/// How connections arrive at a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// It binds its port.
    Bound,
    /// It does not bind (`bind_to_port: false`); `VirtualOutbound` hands it connections by original destination.
    ByOriginalDestination,
    /// It binds and hands connections over by original destination (`use_original_dst`).
    Redirecting {
        /// Whether the socket is transparent (TPROXY).
        transparent: bool,
    },
    /// It binds, takes captured connections itself and knows the original destination by a listener filter.
    Captured {
        /// Whether the socket is transparent (TPROXY).
        transparent: bool,
    },
}

/// Listener filters. The order of execution is that of the fields: PROXY protocol must be read before anything else,
/// the original destination before inspectors that depend on its port, TLS before HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListenerFilters {
    /// Reads the PROXY protocol.
    pub proxy_protocol: bool,
    /// Restores the original destination.
    pub original_destination: bool,
    /// Keeps the original source address, with this mark (TPROXY).
    pub original_source_mark: Option<u32>,
    /// Reads SNI and ALPN.
    pub tls_inspector: Option<Inspector>,
    /// Tells HTTP from other protocols.
    pub http_inspector: Option<Inspector>,
}

/// An inspector, which may be off for some destination ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspector {
    /// Off for these destination ports, in this order.
    pub disabled_ports: Vec<u16>,
    /// Off for all destination ports but these, in this order; not together with `disabled_ports`.
    pub enabled_ports_only: Vec<u16>,
}
