//! Tracing.

/// Tracing of an HTTP connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracing {
    /// Share of requests that are sampled, in percent.
    pub random_sampling: f64,
    /// Longest path in a tag; `None` leaves Envoy's 256.
    pub max_path_tag_length: Option<u32>,
    /// Tags, sorted by name.
    pub custom_tags: Vec<CustomTag>,
    /// Where spans go; `None` leaves it to the bootstrap.
    pub provider: Option<TracingProvider>,
    /// Whether a span of its own is made for the upstream request (gateways with a provider).
    pub spawn_upstream_span: bool,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CustomTag {
    /// Name.
    pub name: String,
    /// Value.
    pub source: TagSource,
}

/// Where the value of a tag comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagSource {
    /// A text.
    Literal(String),
    /// The canonical name of the workload that the proxy serves. It is no text here, because connections of many workloads
    /// differ in nothing else.
    CanonicalService,
    /// The canonical revision of the workload that the proxy serves.
    CanonicalRevision,
    /// An environment variable of the proxy, with a default.
    Environment {
        /// Name.
        name: String,
        /// Default.
        default: String,
    },
    /// A request header, with a default.
    RequestHeader {
        /// Name.
        name: String,
        /// Default.
        default: String,
    },
    /// Metadata that the authorization filter writes about a dry run: its key.
    AuthorizationMetadata(String),
}

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TracingProvider {
    /// Zipkin, through the cluster `zipkin` of the bootstrap.
    Zipkin,
}
