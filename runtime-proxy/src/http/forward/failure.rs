//! Attempts that failed, and what the client is told.

use ::http::StatusCode;

use super::super::local_reply::LocalReply;
use super::super::pool::NoConnection;
use super::super::retry::Lost;
use crate::telemetry::Flags;
use crate::upstream::ConnectError;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// No endpoint is healthy.
    NoHealthyUpstream,
    /// There is no room.
    Overflow,
    /// There is no connection, for this reason.
    Connect { timeout: bool, reason: String },
    /// The connection or stream ended.
    Lost(Lost),
    /// The answer was no HTTP, or nothing that may be passed on.
    Protocol,
    /// The attempt took too long.
    PerTryTimeout,
    /// All attempts together took too long.
    Timeout,
    /// The request cannot be written in the protocol of the upstream.
    Unspeakable,
}

impl From<NoConnection> for Failure {
    fn from(why: NoConnection) -> Self {
        match why {
            NoConnection::Overflow => Self::Overflow,
            NoConnection::Connect(error) => Self::Connect {
                timeout: matches!(error, ConnectError::Timeout(_)),
                reason: error.to_string(),
            },
            NoConnection::Handshake(error) => Self::Connect { timeout: false, reason: error.to_string() },
        }
    }
}

impl Failure {
    /// How the attempt was lost, for retries; `None` where another attempt is out of the question.
    pub(super) fn lost(&self) -> Option<Lost> {
        match self {
            Self::Overflow => Some(Lost::Overflow),
            Self::Connect { .. } => Some(Lost::Connect),
            Self::Lost(lost) => Some(*lost),
            Self::Protocol => Some(Lost::Reset),
            Self::PerTryTimeout => Some(Lost::PerTryTimeout),
            Self::NoHealthyUpstream | Self::Timeout | Self::Unspeakable => None,
        }
    }

    /// The answer of the proxy. `retried` is whether there was more than one attempt.
    pub(super) fn reply(&self, retried: bool) -> LocalReply {
        let reset = |flags: Flags, reason: &str, details: &str| {
            let which = if retried { "retried and the latest reset reason" } else { "reset reason" };
            let body =
                format!("upstream connect error or disconnect/reset before headers. {which}: {reason}");
            let details = format!("upstream_reset_before_response_started{{{details}}}");
            LocalReply::new(StatusCode::SERVICE_UNAVAILABLE, details, body).flagged(flags)
        };
        match self {
            Self::NoHealthyUpstream => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                LocalReply::new(status, "no_healthy_upstream", "no healthy upstream")
                    .flagged(Flags::NO_HEALTHY_UPSTREAM)
            }
            Self::Overflow => reset(Flags::UPSTREAM_OVERFLOW, "overflow", "overflow"),
            Self::Connect { timeout: true, reason: _ } => {
                reset(Flags::UPSTREAM_CONNECTION_FAILURE, "connection timeout", "connection_timeout")
            }
            Self::Connect { timeout: false, reason } => reset(
                Flags::UPSTREAM_CONNECTION_FAILURE,
                &format!("remote connection failure, transport failure reason: {reason}"),
                "remote_connection_failure",
            ),
            Self::Lost(Lost::Refused) => {
                reset(Flags::UPSTREAM_RESET, "remote refused stream reset", "remote_refused_stream_reset")
            }
            Self::Lost(_) => {
                reset(Flags::UPSTREAM_TERMINATION, "connection termination", "connection_termination")
            }
            Self::Protocol => {
                let reply = reset(Flags::UPSTREAM_PROTOCOL_ERROR, "protocol error", "protocol_error");
                LocalReply { status: StatusCode::BAD_GATEWAY, ..reply }
            }
            Self::PerTryTimeout => timeout("upstream_per_try_timeout"),
            Self::Timeout => timeout("upstream_response_timeout"),
            Self::Unspeakable => LocalReply::refuse("invalid_authority"),
        }
    }

    /// `%UPSTREAM_TRANSPORT_FAILURE_REASON%`.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Connect { timeout: _, reason } => Some(reason),
            _ => None,
        }
    }
}

fn timeout(details: &'static str) -> LocalReply {
    let reply = LocalReply::new(StatusCode::GATEWAY_TIMEOUT, details, "upstream request timeout");
    reply.flagged(Flags::UPSTREAM_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_told_what_envoy_tells_it() {
        for (failure, status, flags, details) in [
            (Failure::NoHealthyUpstream, 503, "UH", "no_healthy_upstream"),
            (Failure::Overflow, 503, "UO", "upstream_reset_before_response_started{overflow}"),
            (
                Failure::Connect { timeout: false, reason: "refused".to_owned() },
                503,
                "UF",
                "upstream_reset_before_response_started{remote_connection_failure}",
            ),
            (
                Failure::Lost(Lost::Reset),
                503,
                "UC",
                "upstream_reset_before_response_started{connection_termination}",
            ),
            (Failure::Protocol, 502, "UPE", "upstream_reset_before_response_started{protocol_error}"),
            (Failure::PerTryTimeout, 504, "UT", "upstream_per_try_timeout"),
            (Failure::Timeout, 504, "UT", "upstream_response_timeout"),
        ] {
            let reply = failure.reply(false);
            assert_eq!((reply.status.as_u16(), reply.flags.short().as_ref()), (status, flags));
            assert_eq!(reply.details, details);
        }
    }
}
