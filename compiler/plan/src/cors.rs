//! CORS.

use std::time::Duration;

use crate::StringMatch;

/// CORS policy of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// Origins that are allowed, in order.
    pub allow_origins: Vec<StringMatch>,
    /// Methods, in order.
    pub allow_methods: Vec<String>,
    /// Request headers, in order.
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read, in order.
    pub expose_headers: Vec<String>,
    /// How long a preflight may be cached.
    pub max_age: Option<Duration>,
    /// Whether credentials are allowed.
    pub allow_credentials: Option<bool>,
    /// Whether preflights of other origins are forwarded.
    pub forward_not_matching_preflights: bool,
}
