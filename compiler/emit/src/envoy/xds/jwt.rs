//! `envoy.extensions.filters.http.jwt_authn.v3`.

use std::collections::BTreeMap;

use super::{DataSource, Duration, Empty, HttpUri, RouteMatch};

message! {
    /// `JwtAuthentication`.
    JwtAuthentication {
        providers: BTreeMap<String, JwtProvider>,
        rules: Vec<RequirementRule>,
        bypass_cors_preflight: bool,
    }
}

message! {
    /// `JwtProvider`.
    JwtProvider {
        issuer: String,
        audiences: Vec<String>,
        remote_jwks: Option<RemoteJwks>,
        local_jwks: Option<DataSource>,
        forward: bool,
        from_headers: Vec<JwtHeader>,
        from_params: Vec<String>,
        from_cookies: Vec<String>,
        forward_payload_header: String,
        payload_in_metadata: &'static str,
        normalize_payload_in_metadata: Option<NormalizePayload>,
        claim_to_headers: Vec<JwtClaimToHeader>,
        clear_route_cache: bool,
    }
}

message! {
    /// `RemoteJwks`.
    RemoteJwks {
        http_uri: Option<HttpUri>,
        cache_duration: Option<Duration>,
        async_fetch: Option<JwksAsyncFetch>,
    }
}

message! {
    /// `JwksAsyncFetch`.
    JwksAsyncFetch {
        fast_listener: bool,
    }
}

message! {
    /// `JwtHeader`.
    JwtHeader {
        name: String,
        value_prefix: String,
    }
}

message! {
    /// `JwtProvider.NormalizePayload`.
    NormalizePayload {
        space_delimited_claims: Vec<String>,
    }
}

message! {
    /// `JwtClaimToHeader`.
    JwtClaimToHeader {
        header_name: String,
        claim_name: String,
    }
}

message! {
    /// `RequirementRule`.
    RequirementRule {
        r#match: Option<RouteMatch>,
        requires: Option<JwtRequirement>,
    }
}

message! {
    /// `JwtRequirement`.
    JwtRequirement {
        provider_name: Option<String>,
        requires_any: Option<JwtRequirements>,
        requires_all: Option<JwtRequirements>,
        allow_missing: Option<Empty>,
    }
}

message! {
    /// `JwtRequirementOrList`, `JwtRequirementAndList`.
    JwtRequirements {
        requirements: Vec<JwtRequirement>,
    }
}

impl JwtRequirement {
    /// A token of that provider.
    pub(crate) fn provider(name: String) -> Self {
        Self { provider_name: Some(name), ..Self::default() }
    }

    /// No token.
    pub(crate) fn missing() -> Self {
        Self { allow_missing: Some(Empty {}), ..Self::default() }
    }

    /// One of these.
    pub(crate) fn any(requirements: Vec<Self>) -> Self {
        Self { requires_any: Some(JwtRequirements { requirements }), ..Self::default() }
    }

    /// All of these.
    pub(crate) fn all(requirements: Vec<Self>) -> Self {
        Self { requires_all: Some(JwtRequirements { requirements }), ..Self::default() }
    }
}
