//! Which requests a route takes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::path_normalization::without_query;
use super::{ClaimMatch, HeaderMatch, PathMatch, QueryMatch, Request};

/// Which requests a route takes; everything stated must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteMatch {
    /// Path.
    pub path: PathMatch,
    /// Whether case counts in the path; `None` states nothing (Istio states it only for written matches).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_sensitive: Option<bool>,
    /// Headers, including the pseudo headers `:method`, `:authority` and `:scheme`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderMatch>,
    /// Query parameters, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<QueryMatch>,
    /// Claims of a validated token (`@request.auth.claims`): path of the claim, values, inverted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimMatch>,
}

impl RouteMatch {
    /// Whether a request is taken. `token` holds the claims of a token that was accepted before routes are chosen.
    #[must_use]
    pub fn matches(&self, request: &(impl Request + ?Sized), token: Option<&Value>) -> bool {
        let Self { path, case_sensitive, headers, query, claims } = self;
        path.matches(case_sensitive.unwrap_or(true), without_query(request.path()))
            && headers.iter().all(|wanted| wanted.matches(request))
            && query.iter().all(|wanted| wanted.matches(request.path()))
            && claims.iter().all(|wanted| wanted.matches(token))
    }
}
