//! Header operations.

/// What is done to the headers of requests and responses, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderOperations {
    /// Set or added to requests.
    pub request: Vec<HeaderOperation>,
    /// Removed from requests.
    pub request_remove: Vec<String>,
    /// Set or added to responses.
    pub response: Vec<HeaderOperation>,
    /// Removed from responses.
    pub response_remove: Vec<String>,
}

/// One header that is set or added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderOperation {
    /// Name as written.
    pub name: String,
    /// Value; Envoy expands `%OPERATORS%` in it.
    pub value: String,
    /// Whether it stands beside an existing header instead of replacing it.
    pub append: bool,
}
