//! What came of a request: the vocabulary that the echo application, the harness and the verdicts share.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One request and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// From the first byte of work to the last byte of the answer, in milliseconds.
    pub elapsed_ms: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// An answer, or why there was none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Something answered.
    Answered(Box<Answer>),
    /// Nothing answered.
    Failed(Failure),
}

/// An answer of an application or of a proxy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// HTTP status; absent for TCP.
    pub status: Option<u16>,
    /// Headers of the answer and, after them, its trailers: lower-case names, repeated values joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// What the echo application says about the request that reached it; absent if something else answered.
    pub echo: Option<Echo>,
    /// The beginning of a body that is not an echo.
    pub body: String,
}

/// What the echo application saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Echo {
    /// `<namespace>.<workload>`, as the proxy is called.
    pub workload: String,
    /// The pod of the workload.
    pub pod: String,
    /// The version label of the workload, or nothing.
    pub version: String,
    /// `HTTP/1.1`, `HTTP/2.0`, `TCP` or `TLS`.
    pub protocol: String,
    /// Method; `-` for TCP.
    pub method: String,
    /// Path with query; for TCP the line that was received.
    pub path: String,
    /// `Host` or `:authority`; for TLS the server name.
    pub authority: String,
    /// Headers that the application received, as in [`Answer::headers`].
    pub headers: BTreeMap<String, String>,
    /// The calls that the application made in order to answer.
    pub upstream: Vec<UpstreamExchange>,
}

/// One call that an application made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamExchange {
    /// The host of the URL, as the application spells it.
    pub host: String,
    /// The URL.
    pub url: String,
    /// What came of it.
    pub exchange: Exchange,
}

/// Why nothing answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The kind that verdicts speak of.
    pub kind: FailureKind,
    /// What the system said.
    pub detail: String,
}

/// Kinds of failure that a caller can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// The connection was refused.
    Refused,
    /// The connection was reset.
    Reset,
    /// The connection was closed without an answer.
    Closed,
    /// No answer within the time of the call.
    Timeout,
    /// The name has no address.
    Unresolved,
    /// The TLS handshake failed.
    Tls,
    /// Anything else.
    Other,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Unresolved => "unresolved",
            Self::Tls => "tls",
            Self::Other => "other",
        })
    }
}

impl Outcome {
    /// A failure.
    pub(crate) fn failed(kind: FailureKind, detail: impl fmt::Display) -> Self {
        Self::Failed(Failure { kind, detail: detail.to_string() })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(answer) => {
                match answer.status {
                    Some(status) => write!(f, "{status}")?,
                    None => f.write_str("answered")?,
                }
                match &answer.echo {
                    Some(echo) => write!(f, " from {}", echo.workload),
                    None if answer.body.is_empty() => Ok(()),
                    None => write!(f, " `{}`", answer.body.lines().next().unwrap_or_default()),
                }
            }
            Self::Failed(Failure { kind, detail }) => write!(f, "{kind} ({detail})"),
        }
    }
}
