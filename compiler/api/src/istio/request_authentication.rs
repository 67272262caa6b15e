//! RequestAuthentication: which tokens a workload accepts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PolicySelector, PolicyTargetReference};
use crate::Duration;
use crate::admission::Report;
use crate::istio::AlternateSpelling;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// Which JSON Web Tokens are valid. Requests with an invalid token are answered 401; requests without a token
/// pass, unless an AuthorizationPolicy asks for one.
///
/// Source: `security.istio.io`, RequestAuthentication.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestAuthentication {
    /// Workloads of the namespace that the object is for. Default: all; in the root namespace, the whole
    /// mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<PolicySelector>,
    /// One object that the policy is attached to; superseded by `targetRefs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<PolicyTargetReference>,
    /// Objects that the policy is attached to. Not together with `selector`.
    #[schemars(length(max = 16))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub target_refs: Vec<PolicyTargetReference>,
    /// Issuers whose tokens are accepted. Those of all objects that apply are put together.
    #[schemars(length(max = 4096))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub jwt_rules: Vec<JwtRule>,
}

impl Kind for RequestAuthentication {
    const GROUP: &'static str = "security.istio.io";
    const KIND: &'static str = "RequestAuthentication";
    const PLURAL: &'static str = "requestauthentications";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::request_authentication::admit(object, report);
    }
}

/// How the tokens of one issuer are found and validated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = AlternateSpelling { field: "jwksUri", spelling: "jwks_uri" })]
pub struct JwtRule {
    /// Value that the claim `iss` must have.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Values of which the claim `aud` must hold one. Empty accepts any.
    #[schemars(inner(length(min = 1)))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// URL of the issuer's public keys. The published schema also spells it `jwks_uri`. Left out together
    /// with `jwks`, Istio finds it by OpenID discovery at the issuer.
    #[serde(alias = "jwks_uri")]
    #[schemars(length(min = 1, max = 2048))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The issuer's public keys, a JSON Web Key Set as text. Not together with `jwksUri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// Headers that hold the token, in the order of search. Default, if no place at all is given:
    /// `Authorization` with `Bearer `, then the query parameter `access_token`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub from_headers: Vec<JwtHeader>,
    /// Query parameters that hold the token.
    #[schemars(inner(length(min = 1)))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub from_params: Vec<String>,
    /// Cookies that hold the token.
    #[schemars(inner(length(min = 1)))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub from_cookies: Vec<String>,
    /// Header in which the payload of a valid token goes on, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_payload_to_header: Option<String>,
    /// Whether the token goes on to the application. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_original_token: Option<bool>,
    /// Claims that go on in headers.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub output_claim_to_headers: Vec<ClaimToHeader>,
    /// Time to fetch the keys. Default: 5 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Claims whose text is a list separated by spaces, beside `scope` and `permission`, which always are.
    #[schemars(length(max = 64), inner(length(min = 1)))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub space_delimited_claims: Vec<String>,
    /// Whether a request without a token passes. Istio publishes the field; its control plane does not act on
    /// it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<JwtPresence>,
}

/// A header that holds a token.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["name"]))]
pub struct JwtHeader {
    /// Name of the header.
    #[schemars(required, length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Text before the token, which is cut off, as `Bearer `.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// A claim that goes on in a header.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["header", "claim"]))]
pub struct ClaimToHeader {
    /// Name of the header.
    #[schemars(required, length(min = 1), regex(pattern = r"^[-_A-Za-z0-9]+$"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Name of the claim; only claims with a text, number or truth value go on. A dot leads into nested
    /// claims.
    #[schemars(required, length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

/// Whether a request needs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum JwtPresence {
    /// Requests without a token pass.
    #[serde(rename = "OPTIONAL")]
    Optional,
    /// Requests without a token are refused.
    #[serde(rename = "REQUIRED")]
    Required,
}
