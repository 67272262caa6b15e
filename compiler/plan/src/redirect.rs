//! Redirects and direct responses.

/// Sends the client elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// New host.
    pub host: Option<String>,
    /// New path.
    pub path: Option<RedirectPath>,
    /// New scheme.
    pub scheme: Option<String>,
    /// New port.
    pub port: Option<u32>,
    /// HTTP status: 301, 302, 303, 307 or 308.
    pub code: u16,
}

/// How the path changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedirectPath {
    /// Replaced as a whole.
    Full(String),
    /// The matched prefix is replaced.
    Prefix(String),
}

/// The proxy answers itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectResponse {
    /// HTTP status.
    pub status: u32,
    /// Body as text.
    pub body: Option<String>,
    /// Body as base64 text, if it is not valid text.
    pub body_bytes: Option<String>,
}
