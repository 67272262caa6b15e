//! The PROXY protocol towards an upstream (`trafficPolicy.proxyProtocol`; translation-spec §3.9).

use meshc_api::istio::{ProxyProtocol, ProxyProtocolVersion};

/// The version that is sent before anything else. A rule that states the block without a version means version 1.
pub(super) fn version(settings: &ProxyProtocol) -> Option<u8> {
    Some(match settings.version.unwrap_or(ProxyProtocolVersion::V1) {
        ProxyProtocolVersion::V1 => 1,
        ProxyProtocolVersion::V2 => 2,
    })
}
