//! JSON web tokens: what RequestAuthentication becomes (translation-spec §7.6).

use std::time::Duration;

use crate::UpstreamName;

/// The token filter of a proxy. A missing token is allowed; a token that is there must validate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtAuthentication {
    /// Providers, in order; the emitter names them `origins-<index>`.
    pub providers: Vec<JwtProvider>,
}

/// One issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtProvider {
    /// `iss` that tokens carry.
    pub issuer: String,
    /// Accepted `aud`, in order; empty accepts all.
    pub audiences: Vec<String>,
    /// Keys.
    pub jwks: Jwks,
    /// Headers that hold a token, in order.
    pub from_headers: Vec<JwtHeader>,
    /// Query parameters that hold a token, in order.
    pub from_params: Vec<String>,
    /// Cookies that hold a token, in order.
    pub from_cookies: Vec<String>,
    /// Whether the token is forwarded.
    pub forward: bool,
    /// Header that the payload is written to.
    pub payload_header: Option<String>,
    /// Claims that are written to headers, in order.
    pub claims_to_headers: Vec<ClaimToHeader>,
    /// Claims that hold several values separated by spaces, sorted.
    pub space_delimited_claims: Vec<String>,
    /// Whether routes are chosen again after validation (gateways, for routing by claims).
    pub clear_route_cache: bool,
}

/// Keys of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Jwks {
    /// Stated.
    Inline(String),
    /// Fetched by the proxy.
    Remote {
        /// URI.
        uri: String,
        /// Upstream that it is fetched from.
        upstream: UpstreamName,
        /// Timeout of a fetch.
        timeout: Duration,
    },
    /// Not known at build time: every token is refused.
    Unavailable,
}

/// A header that holds a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtHeader {
    /// Name.
    pub name: String,
    /// Text before the token (`Bearer `).
    pub prefix: String,
}

/// A claim that is written to a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimToHeader {
    /// Header.
    pub header: String,
    /// Claim.
    pub claim: String,
}
