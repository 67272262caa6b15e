//! Listeners.

use std::net::IpAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccessLog, FilterChain};
use crate::traffic::duration;

/// One place where the proxy takes connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listener {
    /// Istio's name (`virtualInbound`, `0.0.0.0_9080`).
    pub name: String,
    /// Addresses that are bound, or that the original destination is compared with.
    pub bind: Vec<Bind>,
    /// How connections arrive.
    pub capture: Capture,
    /// Which way its traffic goes, seen from the workload.
    pub direction: Direction,
    /// Whether the PROXY protocol is read first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proxy_protocol: bool,
    /// Whether SNI and ALPN are read before the chain is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_inspector: Option<Inspector>,
    /// Whether HTTP is told from other protocols before the chain is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_inspector: Option<Inspector>,
    /// How long the inspectors wait for the client to speak; then the connection goes on as what nobody recognised, or is
    /// closed. `None` waits 15 s; zero waits for ever.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub inspect_timeout: Option<Duration>,
    /// Whether a connection goes on when the inspectors time out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continue_on_timeout: bool,
    /// Chains; the one that matches best is chosen ([`sieve`](crate::traffic::sieve)).
    pub chains: Vec<FilterChain>,
    /// The chain for what no other chain matches; without one such a connection is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_chain: Option<FilterChain>,
    /// Logs of connections that no chain took.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_logs: Vec<AccessLog>,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Bind {
    /// An IP address, possibly the wildcard, and a port.
    Ip(IpAddr, u16),
    /// Path of a Unix domain socket.
    Unix(String),
}

/// How connections arrive at a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Capture {
    /// It binds its addresses; the destination is the address that was connected to.
    Bound,
    /// It does not bind; a redirecting listener hands it connections whose original destination is its address.
    ByOriginalDestination,
    /// It binds, learns the original destination, and hands the connection to the listener of that address and port, else of
    /// the wildcard address and that port, else takes it itself.
    Redirecting,
    /// It binds, learns the original destination, and takes the connection itself.
    Captured,
}

/// Which way traffic goes, seen from the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// To the workload; gateways count here nowhere: their listeners are outbound, as Istio has it.
    Inbound,
    /// From the workload, or through a gateway.
    Outbound,
}

/// An inspector, which may be off for some destination ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inspector {
    /// Off for these destination ports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disabled_ports: Vec<u16>,
    /// Off for all destination ports but these, if there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enabled_ports_only: Vec<u16>,
}

impl Inspector {
    /// Whether it looks at connections to a port.
    #[must_use]
    pub fn inspects(&self, port: u16) -> bool {
        let Self { disabled_ports, enabled_ports_only } = self;
        !disabled_ports.contains(&port)
            && (enabled_ports_only.is_empty() || enabled_ports_only.contains(&port))
    }
}
