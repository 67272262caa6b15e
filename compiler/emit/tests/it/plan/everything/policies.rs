//! Policies of every shape.

use super::super::*;
use super::SECOND;

fn rule(index: usize, permissions: Vec<Permission>, principals: Vec<Principal>) -> PolicyRule {
    PolicyRule {
        id: RuleId { namespace: "edge".into(), policy: "p".into(), rule: index },
        permissions,
        principals,
    }
}

pub(super) fn header(name: &str, value: ValueMatch) -> HeaderMatch {
    HeaderMatch { name: name.into(), value, invert: false, missing_is_empty: false }
}

pub(super) fn authorization(action: AuthorizationAction) -> AuthorizationFilter {
    let exact = |text: &str| StringMatch::Exact(text.into());
    let claims = |value| Principal::Metadata {
        filter: "envoy.filters.http.jwt_authn".into(),
        path: strings(&["payload", "aud"]),
        value,
    };
    let text = MetadataValue::Text(exact("a"));
    let permissions = vec![Permission::And(vec![
        Permission::Or(vec![
            Permission::Header(header(
                ":authority",
                ValueMatch::Text(StringMatch::IgnoreCase(Box::new(exact("a.example")))),
            )),
            Permission::Path(StringMatch::Prefix("/admin".into())),
            Permission::PathTemplate("/api/*/write".into()),
        ]),
        Permission::Not(Box::new(Permission::DestinationPort(8080))),
        Permission::DestinationIp(WILDCARD, 0),
        Permission::ServerName(StringMatch::Suffix(".example".into())),
        Permission::Metadata { filter: "f".into(), path: strings(&["k"]), value: text.clone() },
    ])];
    let principals = vec![Principal::And(vec![
        Principal::Or(vec![
            Principal::Authenticated(StringMatch::Regex("spiffe://.+".into())),
            Principal::Header(header("x-user", ValueMatch::Present)),
        ]),
        Principal::Not(Box::new(Principal::DirectRemoteIp(LOOPBACK, 8))),
        Principal::RemoteIp(LOOPBACK, 32),
        claims(MetadataValue::Or(vec![MetadataValue::ListOneOf(Box::new(text.clone())), text])),
    ])];
    AuthorizationFilter {
        action,
        rules: Some(vec![rule(0, permissions, principals)]),
        dry_run: Some(vec![rule(1, vec![Permission::Any], vec![Principal::Any])]),
        origin: ORIGIN,
    }
}

pub(super) fn tokens() -> JwtAuthentication {
    let provider = |issuer: &str, jwks| JwtProvider {
        issuer: issuer.into(),
        audiences: strings(&["api"]),
        jwks,
        from_headers: vec![JwtHeader { name: "x-token".into(), prefix: "Bearer ".into() }],
        from_params: strings(&["token"]),
        from_cookies: strings(&["session"]),
        forward: true,
        payload_header: Some("x-payload".into()),
        claims_to_headers: vec![ClaimToHeader { header: "x-sub".into(), claim: "sub".into() }],
        space_delimited_claims: strings(&["permission", "scope"]),
        clear_route_cache: true,
    };
    let remote = Jwks::Remote {
        uri: "https://id.example/keys".into(),
        upstream: outbound(443, "id.example"),
        timeout: 5 * SECOND,
    };
    JwtAuthentication { providers: vec![provider("one", Jwks::Unavailable), provider("two", remote)] }
}
