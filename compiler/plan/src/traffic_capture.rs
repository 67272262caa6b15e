//! How the traffic of a pod is led to its proxy before anything in the pod knows of it (dataplane.md §4.1).

use std::net::IpAddr;

/// Rules of capture, as Istio's annotations of a pod state them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficCapture {
    /// How inbound connections are handed over.
    pub mode: CaptureMode,
    /// Port of the proxy for outbound connections; 15001 by default.
    pub outbound_port: u16,
    /// Port of the proxy for inbound connections; 15006 by default.
    pub inbound_port: u16,
    /// User that the proxy runs as; its own connections are not captured. 1337 by default.
    pub proxy_user: u32,
    /// Group that the proxy runs as; likewise.
    pub proxy_group: u32,
    /// Inbound connections that are captured; `includeInboundPorts` and `excludeInboundPorts`.
    pub inbound: InboundPorts,
    /// Destinations whose connections are captured; `includeOutboundIPRanges`, all by default.
    pub outbound: OutboundRanges,
    /// Destinations whose connections are not captured; `excludeOutboundIPRanges`.
    pub excluded_outbound_ranges: Vec<IpRange>,
    /// Ports captured whatever the destination; `includeOutboundPorts`.
    pub included_outbound_ports: Vec<u16>,
    /// Ports never captured, TCP and UDP; `excludeOutboundPorts`.
    pub excluded_outbound_ports: Vec<u16>,
    /// Network interfaces whose traffic is not touched; `excludeInterfaces`.
    pub excluded_interfaces: Vec<String>,
    /// Interfaces of virtual machines in the pod, whose inbound traffic counts as outbound; `reroute-virtual-interfaces`.
    pub virtual_interfaces: Vec<String>,
    /// Whether IPv6 is captured besides IPv4.
    pub ipv6: bool,
}

impl TrafficCapture {
    /// Whether connections to a port of the pod go through the proxy.
    #[must_use]
    pub fn takes_inbound(&self, port: u16) -> bool {
        match &self.inbound {
            InboundPorts::AllBut(excluded) => !excluded.contains(&port),
            InboundPorts::Only(ports) => ports.contains(&port),
        }
    }
}

/// How inbound connections are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureMode {
    /// Their destination is rewritten; the proxy asks the kernel for the original one.
    Redirect,
    /// They keep their destination and the address of the client.
    Tproxy,
}

/// Ports of the pod whose connections are captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundPorts {
    /// Every port but these, in the order in which the rules name them.
    AllBut(Vec<u16>),
    /// These; an empty list captures none.
    Only(Vec<u16>),
}

/// Destinations outside of the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboundRanges {
    /// Every address.
    All,
    /// These ranges; an empty list captures none.
    Only(Vec<IpRange>),
}

/// A range of addresses, as written: the address may have bits behind the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IpRange {
    /// Some address in the range.
    pub address: IpAddr,
    /// Number of leading bits that all addresses of the range share.
    pub prefix: u8,
}
