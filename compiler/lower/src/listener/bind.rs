//! Where outbound listeners of a sidecar are (translation-spec §2.3, §2.4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use meshc_api::istio::{CaptureMode, IstioEgressListener};
use meshc_model::{Interception, Registry, Service, ServiceAddress};
use meshc_plan::{Bind, BindAddress, ListenerName};

use crate::context::ProxyContext;

/// What the bind of a Unix domain socket begins with.
const UNIX: &str = "unix://";

/// The addresses of a listener. The first one names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Binding {
    pub(super) primary: BindAddress,
    pub(super) extra: Vec<BindAddress>,
}

/// A block of addresses: address and length of the prefix.
pub(crate) type Network = (IpAddr, u8);

impl Binding {
    pub(super) fn to(address: BindAddress) -> Self {
        Self { primary: address, extra: Vec::new() }
    }

    /// All addresses of the IP families of the proxy.
    pub(super) fn wildcard(cx: &ProxyContext<'_>) -> Self {
        let other = cx.workload.both_families.then(|| BindAddress::Ip(other_wildcard(cx)));
        Self { primary: BindAddress::Ip(wildcard(cx)), extra: other.into_iter().collect() }
    }

    pub(super) fn is_wildcard(&self) -> bool {
        matches!(self.primary, BindAddress::Ip(address) if address.is_unspecified())
    }

    pub(super) fn bind(&self, port: u16) -> Bind {
        Bind { address: self.primary.clone(), port }
    }

    pub(super) fn additional(&self, port: u16) -> Vec<Bind> {
        self.extra.iter().map(|address| Bind { address: address.clone(), port }).collect()
    }

    /// Name of the listener; `None` for an address that cannot name one.
    pub(super) fn name(&self, port: u16) -> Option<ListenerName> {
        match &self.primary {
            BindAddress::Ip(address) => Some(ListenerName::Address { address: *address, port }),
            BindAddress::Unix(path) => Some(ListenerName::Unix(path.clone())),
            BindAddress::Literal(_) => None,
        }
    }

    /// How the name of the listener is part of the prefix of its statistics.
    pub(super) fn label(&self, port: u16) -> String {
        match &self.primary {
            BindAddress::Ip(address) => format!("{address}_{port}"),
            BindAddress::Unix(path) => format!("{UNIX}{path}_{port}"),
            BindAddress::Literal(text) => format!("{text}_{port}"),
        }
    }
}

/// The wildcard address of the proxy's IP family.
pub(crate) fn wildcard(cx: &ProxyContext<'_>) -> IpAddr {
    if cx.workload.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}

/// The wildcard address of the other IP family.
pub(crate) fn other_wildcard(cx: &ProxyContext<'_>) -> IpAddr {
    if cx.workload.is_ipv6() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

/// Where the listener for captured traffic is beside the wildcard address, at a port: in the other family where pods have both and
/// the mesh is said to be dual-stack.
pub(crate) fn dual_stack(cx: &ProxyContext<'_>, port: u16) -> Vec<Bind> {
    let dual = cx.workload.both_families && cx.mesh.features.enable_dual_stack;
    dual.then(|| Bind { address: BindAddress::Ip(other_wildcard(cx)), port }).into_iter().collect()
}

/// The loopback address of the proxy's IP family.
pub(super) fn loopback(cx: &ProxyContext<'_>) -> IpAddr {
    if cx.workload.is_ipv6() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() }
}

/// Whether the application dials the listener itself, so that it has to bind its port.
pub(super) fn binds_port(cx: &ProxyContext<'_>, listener: Option<&IstioEgressListener>) -> bool {
    cx.workload.interception == Interception::None
        || listener.is_some_and(|listener| {
            listener.capture_mode == Some(CaptureMode::None)
                || listener.bind.as_deref().is_some_and(|bind| bind.starts_with(UNIX))
        })
}

/// The address that an egress listener states, or the loopback address where it binds its port; `None` leaves it to each
/// service.
pub(super) fn stated_binding(
    cx: &ProxyContext<'_>,
    listener: Option<&IstioEgressListener>,
    binds_port: bool,
) -> Option<Binding> {
    match listener.and_then(|listener| listener.bind.as_deref()).filter(|bind| !bind.is_empty()) {
        Some(stated) => Some(Binding::to(address(stated))),
        None => binds_port.then(|| Binding::to(BindAddress::Ip(loopback(cx)))),
    }
}

/// An address as Sidecar and Gateway state it.
pub(crate) fn address(stated: &str) -> BindAddress {
    if let Some(path) = stated.strip_prefix(UNIX) {
        return BindAddress::Unix(path.to_owned());
    }
    stated.parse().map_or_else(|_| BindAddress::Literal(stated.to_owned()), BindAddress::Ip)
}

/// Where connections to a service arrive: at its address, or at the wildcard address with a match for its block of
/// addresses. A dual-stack proxy also takes the further addresses of a Service.
pub(super) fn service_binding(cx: &ProxyContext<'_>, service: &Service) -> (Binding, Vec<Network>) {
    match service.address_for(cx.workload) {
        ServiceAddress::Ip(address) => (Binding::to(BindAddress::Ip(address)), Vec::new()),
        ServiceAddress::Cidr(block) => (Binding::wildcard(cx), network(&block).into_iter().collect()),
        ServiceAddress::None if service.registry == Registry::External => (Binding::wildcard(cx), Vec::new()),
        // The family of a Kubernetes Service without an address is that of its pods.
        ServiceAddress::None => (Binding::to(BindAddress::Ip(wildcard(cx))), Vec::new()),
    }
}

/// Reads an address or a block of addresses; `None` for anything else.
pub(crate) fn network(text: &str) -> Option<Network> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address.parse().ok()?, Some(length.parse().ok()?)),
        None => (text.parse().ok()?, None),
    };
    let longest = if matches!(address, IpAddr::V4(_)) { 32 } else { 128 };
    let length = length.unwrap_or(longest);
    (length <= longest).then_some((address, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_address_is_the_longest_block() {
        assert_eq!(network("10.0.0.1"), Some(("10.0.0.1".parse().unwrap(), 32)));
        assert_eq!(network("2001:db8::1"), Some(("2001:db8::1".parse().unwrap(), 128)));
        assert_eq!(network("10.0.0.0/8"), Some(("10.0.0.0".parse().unwrap(), 8)));
        assert_eq!(network("10.0.0.0/33"), None);
        assert_eq!(network("example.com"), None);
    }

    #[test]
    fn a_stated_bind_is_an_address_or_a_socket() {
        assert_eq!(address("unix:///a.sock"), BindAddress::Unix("/a.sock".to_owned()));
        assert_eq!(address("127.0.0.2"), BindAddress::Ip("127.0.0.2".parse().unwrap()));
        assert_eq!(address("host"), BindAddress::Literal("host".to_owned()));
    }
}
