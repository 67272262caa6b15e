//! A call that an application makes, as often as it is told.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How much of a body that is not an echo is kept, unless someone wants more.
pub(crate) const KEPT_BODY: usize = 1024;

/// How long an answer may take, unless a scenario says otherwise.
const TIMEOUT: Duration = Duration::from_secs(15);

/// What to call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    /// The URL; its host is also the `Host` header and the server name of TLS.
    pub(crate) url: String,
    /// The version of HTTP.
    pub(crate) protocol: Protocol,
    /// Method.
    pub(crate) method: String,
    /// Headers; `host` replaces that of the URL.
    pub(crate) headers: BTreeMap<String, String>,
    /// Body, or the line that is sent over TCP.
    pub(crate) body: String,
    /// Host that is connected to instead of the URL's.
    pub(crate) connect_to: Option<String>,
    /// Root certificates (PEM) that a TLS server is verified with.
    pub(crate) roots: Option<String>,
    /// How many bytes are kept of a body that is not an echo.
    pub(crate) keep_body: usize,
    /// How often.
    pub(crate) repeat: u32,
    /// How many at once.
    pub(crate) concurrency: u32,
    /// Whether every request takes a connection of its own.
    pub(crate) new_connections: bool,
    /// Whether later requests send the cookies that answers to earlier ones have set.
    pub(crate) keep_cookies: bool,
    /// How long an answer may take.
    #[serde(with = "crate::duration")]
    pub(crate) timeout: Duration,
}

impl Call {
    /// One GET over HTTP/1.1.
    pub(crate) fn get(url: String, headers: BTreeMap<String, String>) -> Self {
        Self {
            url,
            protocol: Protocol::Http1,
            method: "GET".to_owned(),
            headers,
            body: String::new(),
            connect_to: None,
            roots: None,
            keep_body: KEPT_BODY,
            repeat: 1,
            concurrency: 1,
            new_connections: false,
            keep_cookies: false,
            timeout: TIMEOUT,
        }
    }

    /// The same call with one more header, or with another value of it.
    pub(super) fn with_header(&self, name: &str, value: String) -> Self {
        let mut call = self.clone();
        call.headers.insert(name.to_owned(), value);
        call
    }
}

/// What is spoken above the connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2, without upgrade.
    Http2,
    /// HTTP/2 with a gRPC frame and `te: trailers`.
    Grpc,
}
