//! The keys of a token issuer (translation-spec §7.6): what istiod would fetch while it runs is not known at build time.

use std::time::Duration;

use meshc_api::RemoteJwks;
use meshc_api::istio::JwtRule;
use meshc_plan::{Jwks, UpstreamName};

use crate::context::ProxyContext;

/// Time for a fetch when the rule states none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// The keys: stated in the rule, else fetched by the proxy if the mesh is set up so (`PILOT_JWT_ENABLE_REMOTE_JWKS`).
pub(super) fn jwks(cx: &ProxyContext<'_>, rule: &JwtRule) -> Jwks {
    if let Some(keys) = rule.jwks.as_deref().filter(|keys| !keys.is_empty()) {
        return Jwks::Inline(keys.to_owned());
    }
    let mode = cx.mesh.features.jwt_enable_remote_jwks;
    let Some(uri) = rule.jwks_uri.as_deref().filter(|uri| !uri.is_empty() && mode != RemoteJwks::Istiod)
    else {
        return Jwks::Unavailable;
    };
    let Some((host, port)) = host_and_port(uri) else { return Jwks::Unavailable };
    // In this mode istiod names an upstream even where no service makes one, and the fetch fails.
    if mode == RemoteJwks::Hybrid && !is_known(cx, host) {
        return Jwks::Unavailable;
    }
    Jwks::Remote {
        uri: uri.to_owned(),
        upstream: UpstreamName::Outbound { port, subset: None, host: host.to_owned() },
        timeout: rule.timeout.map_or(DEFAULT_TIMEOUT, |timeout| timeout.0),
    }
}

/// Whether exactly one namespace defines a host, so that it is clear which service is meant.
fn is_known(cx: &ProxyContext<'_>, host: &str) -> bool {
    let mut namespaces =
        cx.mesh.services.iter().filter(|service| service.host() == host).map(|service| service.namespace());
    let first = namespaces.next();
    first.is_some() && namespaces.all(|namespace| Some(namespace) == first)
}

/// Host and port of a URI; the port of the scheme when it states none.
fn host_and_port(uri: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = uri.split_once("://")?;
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((host, port.parse().ok()?))
        }
        _ => Some((authority, default)),
    }
    .filter(|(host, _)| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_tells_the_port_unless_the_uri_does() {
        assert_eq!(host_and_port("https://id.example/keys"), Some(("id.example", 443)));
        assert_eq!(host_and_port("http://id.example:8000/keys?x=1"), Some(("id.example", 8000)));
        assert_eq!(host_and_port("http://id.example"), Some(("id.example", 80)));
        for uri in ["id.example/keys", "ftp://id.example", "http://", "http://id:99999/"] {
            assert_eq!(host_and_port(uri), None, "{uri}");
        }
    }
}
