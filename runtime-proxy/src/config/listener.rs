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
    pub(super) fn binds(&self) -> bool {
        self.source.capture != Capture::ByOriginalDestination
    }

    /// Whether connections that were captured on their way to its addresses are handed to it. They are not to those that capture
    /// themselves.
    pub(super) fn takes_captured(&self) -> bool {
        matches!(self.source.capture, Capture::ByOriginalDestination | Capture::Bound)
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
        self.bound.get(bind)
    }

    /// The listener that a connection to a destination is handed to by one that redirects: that of the address and port, else of
    /// the wildcard address and that port, else the one that has it. Only one of the same direction takes it: what the workload sends
    /// never comes in as what is sent to it.
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
        let direction = redirecting.source.direction;
        candidates
            .map(|ip| (direction, Bind::Ip(ip, destination.port())))
            .find_map(|key| self.handovers.get(&key))
            .unwrap_or(redirecting)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::{ConfigError, Source, compile};
    use crate::telemetry::Metrics;

    fn config(listeners: &[(&str, &str, u16, &str, &str)]) -> Result<Config, ConfigError> {
        let listener = |(name, ip, port, capture, direction): &(&str, &str, u16, &str, &str)| {
            json!({
                "name": name, "bind": [{ "ip": [ip, port] }], "capture": capture, "direction": direction,
                "chains": [], "defaultChain": { "handler": { "tcp": { "upstreams": [{ "upstream": "x" }] } } },
            })
        };
        let source = json!({
            "version": 1,
            "node": {
                "labels": { "workload": "web", "namespace": "shop" },
                "identity": "spiffe://cluster.local/ns/shop/sa/web",
                "mesh": "cluster.local",
            },
            "identity": { "certificate": "", "key": "", "roots": "" },
            "admin": { "port": 1, "statusPort": 2, "prometheusPort": 3 },
            "drainDuration": "1s",
            "listeners": listeners.iter().map(listener).collect::<Vec<Value>>(),
        });
        let source = Source { config: serde_json::from_value(source).unwrap(), digest: String::new() };
        compile(source, None, &Metrics::new())
    }

    #[test]
    fn captured_connections_go_to_their_address_then_to_the_wildcard_then_stay() {
        let config = config(&[
            ("all", "0.0.0.0", 15001, "redirecting", "outbound"),
            ("in", "0.0.0.0", 15006, "captured", "inbound"),
            ("exact", "10.0.0.9", 80, "byOriginalDestination", "outbound"),
            ("wild", "0.0.0.0", 80, "byOriginalDestination", "outbound"),
            ("six", "::", 80, "byOriginalDestination", "outbound"),
            ("own", "10.0.0.1", 8080, "bound", "inbound"),
        ])
        .unwrap();
        let all = config.bound(&Bind::Ip("0.0.0.0".parse().unwrap(), 15001)).unwrap();
        for (destination, name) in [
            ("10.0.0.9:80", "exact"),
            ("10.0.0.8:80", "wild"),
            ("[2001:db8::1]:80", "six"),
            ("10.0.0.9:81", "all"),
            ("10.0.0.1:15006", "all"),
            ("10.0.0.1:8080", "all"),
        ] {
            let found = config.handed_over(all, destination.parse().unwrap());
            assert_eq!(&*found.name, name, "{destination}");
        }
    }

    #[test]
    fn an_address_belongs_to_one_listener() {
        let error = config(&[
            ("a", "10.0.0.1", 80, "bound", "outbound"),
            ("b", "10.0.0.1", 80, "captured", "inbound"),
        ]);
        assert_eq!(error.unwrap_err().path, "listeners[1].bind[0]");
        let capture = "byOriginalDestination";
        let error =
            config(&[("a", "10.0.0.1", 80, capture, "outbound"), ("b", "10.0.0.1", 80, capture, "outbound")]);
        assert_eq!(error.unwrap_err().path, "listeners[1].bind[0]");
        assert!(
            config(&[("a", "10.0.0.1", 80, capture, "outbound"), ("b", "10.0.0.1", 80, capture, "inbound")])
                .is_ok()
        );
        let error =
            config(&[("a", "10.0.0.1", 80, capture, "outbound"), ("a", "10.0.0.1", 81, capture, "outbound")]);
        assert_eq!(error.unwrap_err().path, "listeners[1].name");
    }
}
