//! The protocol that is spoken to an upstream (translation-spec §3.6).

use meshc_api::istio::{ConnectionPoolSettings, H2UpgradePolicy};
use meshc_api::mesh_config::{self, MeshConfig};
use meshc_model::Protocol;
use meshc_plan::UpstreamProtocol;

/// What the protocol of an upstream depends on besides its settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProtocolFacts {
    /// Protocol of the service port.
    pub(super) port: Protocol,
    /// Whether the proxy sniffs protocols (sidecars); gateways know them from their servers.
    pub(super) sniffs: bool,
    /// Whether the case of HTTP/1 header names is kept (`proxyHeaders.preserveHttp1HeaderCase`).
    pub(super) preserve_header_case: bool,
}

impl ProtocolFacts {
    /// The protocol by the port alone, as on inbound upstreams.
    fn by_port(self) -> UpstreamProtocol {
        let Self { port, sniffs, preserve_header_case } = self;
        if port.is_http2() {
            UpstreamProtocol::Http2
        } else if port.is_auto() && sniffs {
            UpstreamProtocol::Downstream { preserve_header_case }
        } else if preserve_header_case && (port.is_http() || port.is_auto()) {
            UpstreamProtocol::Http1 { preserve_header_case }
        } else {
            UpstreamProtocol::Default
        }
    }

    /// The protocol of the application on an inbound upstream.
    pub(super) fn inbound(self, settings: Option<&ConnectionPoolSettings>) -> UpstreamProtocol {
        if use_client_protocol(settings) { self.downstream() } else { self.by_port() }
    }

    /// The protocol of a service, with the upgrade to HTTP/2 that a DestinationRule or the mesh asks for.
    pub(super) fn outbound(
        self,
        config: &MeshConfig,
        settings: Option<&ConnectionPoolSettings>,
    ) -> UpstreamProtocol {
        if use_client_protocol(settings) {
            return self.downstream();
        }
        let by_port = self.by_port();
        if matches!(by_port, UpstreamProtocol::Downstream { .. }) {
            // What follows the client is not upgraded, even where a rule asks for it.
            return by_port;
        }
        let stated = settings.and_then(|pool| pool.http.as_ref()).and_then(|http| http.h2_upgrade_policy);
        let upgrade = match stated {
            // A rule that asks for it is believed on every port, since it may know what the port does not tell.
            Some(H2UpgradePolicy::Upgrade) => true,
            Some(H2UpgradePolicy::DoNotUpgrade) => false,
            Some(H2UpgradePolicy::Default) | None => {
                self.port.is_http() && config.h2_upgrade_policy == mesh_config::H2UpgradePolicy::Upgrade
            }
        };
        if upgrade { UpstreamProtocol::Http2 } else { by_port }
    }

    fn downstream(self) -> UpstreamProtocol {
        UpstreamProtocol::Downstream { preserve_header_case: self.preserve_header_case }
    }
}

fn use_client_protocol(settings: Option<&ConnectionPoolSettings>) -> bool {
    settings.and_then(|pool| pool.http.as_ref()).and_then(|http| http.use_client_protocol).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use meshc_api::istio::HttpSettings;

    use super::*;

    const fn facts(port: Protocol) -> ProtocolFacts {
        ProtocolFacts { port, sniffs: true, preserve_header_case: false }
    }

    fn settings(http: HttpSettings) -> ConnectionPoolSettings {
        ConnectionPoolSettings { tcp: None, http: Some(http) }
    }

    #[test]
    fn the_port_tells_the_protocol_and_an_unknown_one_follows_the_client() {
        let config = MeshConfig::default();
        assert_eq!(facts(Protocol::Grpc).outbound(&config, None), UpstreamProtocol::Http2);
        assert_eq!(facts(Protocol::Http).outbound(&config, None), UpstreamProtocol::Default);
        let follow = UpstreamProtocol::Downstream { preserve_header_case: false };
        assert_eq!(facts(Protocol::Unsupported).outbound(&config, None), follow);
        let gateway = ProtocolFacts { sniffs: false, ..facts(Protocol::Unsupported) };
        assert_eq!(gateway.outbound(&config, None), UpstreamProtocol::Default);
    }

    #[test]
    fn an_upgrade_of_the_mesh_is_for_http_ports_and_one_of_a_rule_for_all() {
        let config =
            MeshConfig { h2_upgrade_policy: mesh_config::H2UpgradePolicy::Upgrade, ..MeshConfig::default() };
        assert_eq!(facts(Protocol::Http).outbound(&config, None), UpstreamProtocol::Http2);
        assert_eq!(facts(Protocol::Tcp).outbound(&config, None), UpstreamProtocol::Default);
        let refuse = settings(HttpSettings {
            h2_upgrade_policy: Some(H2UpgradePolicy::DoNotUpgrade),
            ..HttpSettings::default()
        });
        assert_eq!(facts(Protocol::Http).outbound(&config, Some(&refuse)), UpstreamProtocol::Default);
        let ask = settings(HttpSettings {
            h2_upgrade_policy: Some(H2UpgradePolicy::Upgrade),
            ..HttpSettings::default()
        });
        assert_eq!(
            facts(Protocol::Tcp).outbound(&MeshConfig::default(), Some(&ask)),
            UpstreamProtocol::Http2
        );
        assert_eq!(facts(Protocol::Http).inbound(Some(&ask)), UpstreamProtocol::Default);
    }

    #[test]
    fn the_protocol_of_the_client_is_kept_even_on_a_port_of_http2() {
        let follow = settings(HttpSettings { use_client_protocol: Some(true), ..HttpSettings::default() });
        let config = MeshConfig::default();
        assert_eq!(
            facts(Protocol::Grpc).outbound(&config, Some(&follow)),
            UpstreamProtocol::Downstream { preserve_header_case: false }
        );
    }
}
