//! Cross-origin resource sharing.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HeaderValues, Request, StringMatch, duration, is_false};

/// CORS policy of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cors {
    /// Origins that are allowed, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_origins: Vec<StringMatch>,
    /// Methods, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_methods: Vec<String>,
    /// Request headers, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
    /// How long a preflight may be cached.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub max_age: Option<Duration>,
    /// Whether credentials are allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<bool>,
    /// Whether preflights of other origins are forwarded.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forward_not_matching_preflights: bool,
}

impl Cors {
    /// Whether an origin may read answers.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.allow_origins.iter().any(|wanted| wanted.matches(origin))
    }

    /// Whether the proxy answers a request itself: a preflight of an origin that is allowed, or any preflight where those of
    /// other origins are not forwarded.
    #[must_use]
    pub fn answers(&self, request: &(impl Request + ?Sized)) -> bool {
        let origin = request.header("origin");
        let Some(origin) = origin.joined() else { return false };
        let preflight = request.method() == "OPTIONS"
            && request.header("access-control-request-method") != HeaderValues::Missing;
        preflight && (self.allows(&origin) || !self.forward_not_matching_preflights)
    }
}
