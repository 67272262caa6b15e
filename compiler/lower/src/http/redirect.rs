//! Redirects (translation-spec §2.9.7).

use meshc_api::istio::{HttpRedirect, RedirectPortSelection};
use meshc_plan::{Redirect, RedirectPath};

use super::virtual_service::RouteSemantics;

/// What Istio writes into `uri` of a redirect that stands for a prefix replacement of the Gateway API.
const PREFIX_MARK: &str = "%PREFIX()%";

/// The redirect of a route on a listener port; `None` for a status that is no redirect.
pub(super) fn redirect(
    stated: &HttpRedirect,
    port: u16,
    tls: bool,
    semantics: RouteSemantics,
) -> Option<Redirect> {
    let code = match stated.redirect_code.unwrap_or(0) {
        0 => 301,
        code @ (301 | 302 | 303 | 307 | 308) => u16::try_from(code).ok()?,
        _ => return None,
    };
    Some(Redirect {
        host: text(stated.authority.as_ref()),
        path: path(stated, semantics),
        scheme: text(stated.scheme.as_ref()),
        port: redirect_port(stated, port, tls),
        code,
    })
}

fn text(stated: Option<&String>) -> Option<String> {
    stated.filter(|text| !text.is_empty()).cloned()
}

fn path(stated: &HttpRedirect, semantics: RouteSemantics) -> Option<RedirectPath> {
    if let Some(prefix) = &stated.prefix_rewrite {
        return Some(RedirectPath::Prefix(prefix.clone()));
    }
    let uri = text(stated.uri.as_ref())?;
    match uri.strip_prefix(PREFIX_MARK) {
        Some(prefix) if semantics == RouteSemantics::Gateway => Some(RedirectPath::Prefix(prefix.to_owned())),
        _ => Some(RedirectPath::Full(uri)),
    }
}

/// The new port, left out where it is the default of the scheme.
fn redirect_port(stated: &HttpRedirect, request_port: u16, tls: bool) -> Option<u32> {
    let port = match (stated.port, stated.derive_port) {
        (Some(port), _) => port,
        (None, Some(RedirectPortSelection::FromRequestPort)) => u32::from(request_port),
        (None, _) => return None,
    };
    let default = if tls { "https" } else { "http" };
    let scheme = stated.scheme.as_deref().filter(|scheme| !scheme.is_empty()).unwrap_or(default);
    let implied = matches!((port, scheme), (80, "http") | (443, "https"));
    (port != 0 && !implied).then_some(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, port: u16, tls: bool) -> Option<Redirect> {
        redirect(&serde_json::from_str(json).unwrap(), port, tls, RouteSemantics::Istio)
    }

    #[test]
    fn the_default_port_of_the_scheme_is_left_out() {
        let port = |json, request, tls| read(json, request, tls).unwrap().port;
        assert_eq!(port(r#"{"port": 443, "scheme": "https"}"#, 80, false), None);
        assert_eq!(port(r#"{"port": 443}"#, 80, false), Some(443));
        assert_eq!(port(r#"{"derivePort": "FROM_REQUEST_PORT"}"#, 80, false), None);
        assert_eq!(port(r#"{"derivePort": "FROM_REQUEST_PORT"}"#, 8080, false), Some(8080));
        assert_eq!(port(r#"{"derivePort": "FROM_PROTOCOL_DEFAULT"}"#, 8080, false), None);
        assert_eq!(port(r#"{"derivePort": "FROM_REQUEST_PORT"}"#, 443, true), None);
    }

    #[test]
    fn a_status_that_is_no_redirect_makes_none() {
        assert_eq!(read("{}", 80, false).unwrap().code, 301);
        assert_eq!(read(r#"{"redirectCode": 308}"#, 80, false).unwrap().code, 308);
        assert_eq!(read(r#"{"redirectCode": 304}"#, 80, false), None);
    }
}
