//! One HTTP rule of a VirtualService.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    CorsPolicy, Delegate, Destination, Headers, HttpDirectResponse, HttpFaultInjection, HttpMatchRequest,
    HttpMirrorPolicy, HttpRedirect, HttpRetry, HttpRewrite, Percent,
};
use crate::Duration;
use crate::istio::AlternateSpelling;
use crate::null_default::null_default;

/// One HTTP rule: when it applies and what is done with the request. Exactly one of `route`, `redirect`,
/// `directResponse` and `delegate` says what happens.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = AlternateSpelling { field: "mirrorPercent", spelling: "mirror_percent" })]
pub struct HttpRoute {
    /// Name of the Envoy route, visible in access logs and statistics; joined with the name of the match by a
    /// dot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Alternatives: the rule applies if one of them matches, and each becomes an Envoy route of its own.
    /// Empty matches every request.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub r#match: Vec<HttpMatchRequest>,
    /// Where matching requests go, split by weight.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub route: Vec<HttpRouteDestination>,
    /// Answer with a redirect instead of forwarding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<HttpRedirect>,
    /// Answer with a fixed status and body instead of forwarding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_response: Option<HttpDirectResponse>,
    /// Take the rules of another VirtualService, each narrowed by this rule's matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegate: Option<Delegate>,
    /// Change of path and authority before forwarding. Not together with `redirect` or `directResponse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<HttpRewrite>,
    /// Time from the end of the request to the end of the response, all retries included, after which Envoy
    /// answers 504. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// When and how often Envoy tries again. Default: `defaultHttpRetryPolicy` of the mesh, two more attempts
    /// unless configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<HttpRetry>,
    /// Delays and aborts that are injected on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<HttpFaultInjection>,
    /// Destination that gets a copy of the requests; its answers are thrown away. Not together with
    /// `mirrors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Destination>,
    /// Whole per cent of the requests that `mirror` gets; superseded by `mirrorPercentage`. Default: 100. The
    /// published schema also spells it `mirror_percent`.
    #[serde(alias = "mirror_percent")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror_percent: Option<u32>,
    /// Share of the requests that `mirror` gets. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror_percentage: Option<Percent>,
    /// Several destinations that get copies, each with its own share.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<HttpMirrorPolicy>,
    /// Cross-origin rules, which become the CORS settings of the Envoy route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors_policy: Option<CorsPolicy>,
    /// Changes of request and response headers, whatever the destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
}

/// A weighted destination of an HTTP rule.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["destination"]))]
pub struct HttpRouteDestination {
    /// The service that gets the requests.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
    /// Share of the requests relative to the sum of all weights of the rule. A single destination gets
    /// everything whatever is written; among several, zero gets nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// Changes of headers for this destination only, applied beside those of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
}
