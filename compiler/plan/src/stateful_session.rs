//! Persistent sessions: which endpoint a client came to last.

/// How a request states the endpoint that it wants, so that a client stays with it for as long as it is there. The proxy tells
/// the client of it in the response, and balances requests that state none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatefulSession {
    /// By a session cookie.
    Cookie {
        /// Its name.
        name: String,
        /// Its path; requests of other paths belong to no session.
        path: String,
    },
    /// By a header of request and response.
    Header {
        /// Its name.
        name: String,
    },
}
