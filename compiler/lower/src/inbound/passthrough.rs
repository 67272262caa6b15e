//! Chains for ports that no Service and no ingress listener names (translation-spec §4.2): traffic passes to the port that
//! the client dialled, under the same mTLS and policies as on every other port.

use meshc_diagnostics::Origin;
use meshc_model::{InboundMtls, Protocol};
use meshc_plan::{FilterChain, UpstreamName};

use super::chains::{self, ChainTarget};
use super::ports::InboundPort;
use crate::context::ProxyContext;
use crate::security::SecurityFilters;

/// Chains for all other ports, then for each port that a PeerAuthentication states a mode for and no service leads to.
pub(super) fn chains(
    cx: &ProxyContext<'_>,
    mtls: &InboundMtls,
    ports: &[InboundPort<'_>],
    security: &SecurityFilters,
) -> Vec<FilterChain> {
    let mut all = chains::chains(cx, &target(cx, None), mtls.default, security);
    for (port, mode) in &mtls.ports {
        if !ports.iter().any(|known| known.number == *port) {
            all.extend(chains::chains(cx, &target(cx, Some(*port)), *mode, security));
        }
    }
    all
}

fn target(cx: &ProxyContext<'_>, port: Option<u16>) -> ChainTarget {
    ChainTarget {
        port,
        names: ("virtualInbound-catchall-http".to_owned(), "virtualInbound".to_owned()),
        upstream: UpstreamName::InboundPassthrough,
        http_stat_prefix: "InboundPassthroughCluster;".to_owned(),
        tcp_stat_prefix: stat_prefix(&cx.mesh.config.inbound_cluster_stat_name),
        protocol: Protocol::Unsupported,
        tls: None,
        config: None,
        service: (String::new(), 0),
        origin: Origin::Default { rule: "Istio forwards ports that no Service names" },
    }
}

/// The pattern of the mesh with a service that has no name and port 0, as istiod expands it here.
fn stat_prefix(pattern: &str) -> Option<String> {
    const EMPTY: [&str; 5] =
        ["%SERVICE%", "%SERVICE_NAME%", "%SERVICE_FQDN%", "%SUBSET_NAME%", "%SERVICE_PORT_NAME%"];
    if pattern.is_empty() {
        return None;
    }
    let text = EMPTY.iter().fold(pattern.to_owned(), |text, word| text.replace(word, ""));
    Some(text.replace("%SERVICE_PORT%", "0").replace("%TARGET_PORT%", "0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_expanded_with_nothing() {
        assert_eq!(stat_prefix(""), None);
        assert_eq!(stat_prefix("in_%SERVICE%_%SERVICE_PORT%").as_deref(), Some("in__0"));
    }
}
