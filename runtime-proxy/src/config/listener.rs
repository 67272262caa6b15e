//! Listeners as they are in force.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use meshc_contract::proxy::{self, Bind, Capture};
use meshc_contract::traffic::{Inspected, sieve};

use super::{Chain, ChainKey, Config};
use crate::telemetry::AccessLog;

/// A listener as it is in force.
#[derive(Debug)]
pub(crate) struct Listener {
    /// What the file says.
    pub(crate) source: proxy::Listener,
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Its chains, in the order of the file.
    pub(crate) chains: Vec<Chain>,
    /// The chain for what no other matches.
    pub(crate) default_chain: Option<Chain>,
    /// Logs of connections that no chain took.
    pub(crate) access_logs: Vec<AccessLog>,
}

impl Listener {
    /// Whether it binds its addresses.
    pub(crate) fn binds(&self) -> bool {
        self.source.capture != Capture::ByOriginalDestination
    }

    /// The chain that takes a connection; `None` closes it.
    pub(crate) fn chain_of(
        &self,
        destination: SocketAddr,
        inspected: &Inspected,
    ) -> Option<(&Chain, ChainKey)> {
        let found = sieve(&self.chains, destination.port(), Some(destination.ip()), inspected);
        let key = |matches| ChainKey { listener: Arc::clone(&self.name), matches };
        match found.first() {
            Some(chain) => Some((chain, key(Some(chain.source.matches.clone())))),
            None => self.default_chain.as_ref().map(|chain| (chain, key(None))),
        }
    }
}

impl Config {
    /// The listener that has bound an address.
    pub(crate) fn bound(&self, bind: &Bind) -> Option<&Arc<Listener>> {
        self.listeners.values().find(|listener| listener.binds() && listener.source.bind.contains(bind))
    }

    /// Everything that is bound, in the order of the names of listeners.
    pub(crate) fn binds(&self) -> impl Iterator<Item = &Bind> {
        self.listeners.values().filter(|listener| listener.binds()).flat_map(|listener| &listener.source.bind)
    }

    /// The listener that a connection to a destination is handed to by one that redirects: that of the address and port, else of
    /// the wildcard address and that port, else the one that has it.
    pub(crate) fn handed_over<'c>(
        &'c self,
        redirecting: &'c Arc<Listener>,
        destination: SocketAddr,
    ) -> &'c Arc<Listener> {
        let wildcards: &[IpAddr] = match destination.ip() {
            // A listener for all of IPv6 has IPv4 as well where nobody has that for itself.
            IpAddr::V4(_) => &[IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
            IpAddr::V6(_) => &[IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
        };
        let candidates = std::iter::once(destination.ip()).chain(wildcards.iter().copied());
        candidates
            .map(|ip| Bind::Ip(ip, destination.port()))
            .find_map(|bind| self.takes(&bind))
            .unwrap_or(redirecting)
    }

    /// The listener that takes connections which were captured on their way to an address. Those that capture themselves do not:
    /// traffic from the workload must never come in as traffic to it.
    fn takes(&self, bind: &Bind) -> Option<&Arc<Listener>> {
        self.listeners.values().find(|listener| {
            matches!(listener.source.capture, Capture::ByOriginalDestination | Capture::Bound)
                && listener.source.bind.contains(bind)
        })
    }
}
