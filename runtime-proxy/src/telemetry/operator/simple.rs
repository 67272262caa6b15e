//! Operators without an argument.

use std::borrow::Cow;

use super::super::Record;
use super::Said;

/// Operators without an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Simple {
    Protocol,
    ResponseCode,
    ResponseFlags,
    ResponseFlagsLong,
    ResponseCodeDetails,
    TerminationDetails,
    UpstreamFailure,
    BytesReceived,
    BytesSent,
    Duration,
    UpstreamHost,
    UpstreamCluster,
    UpstreamPeerUri,
    UpstreamAttempts,
    ServerName,
    RouteName,
    ChainName,
    PeerUri,
    PeerSubject,
    TlsVersion,
    TlsCipher,
    ConnectionId,
    Hostname,
}

const SIMPLE: [(&str, Simple); 26] = [
    ("PROTOCOL", Simple::Protocol),
    ("RESPONSE_CODE", Simple::ResponseCode),
    ("RESPONSE_FLAGS", Simple::ResponseFlags),
    ("RESPONSE_FLAGS_LONG", Simple::ResponseFlagsLong),
    ("RESPONSE_CODE_DETAILS", Simple::ResponseCodeDetails),
    ("CONNECTION_TERMINATION_DETAILS", Simple::TerminationDetails),
    ("UPSTREAM_TRANSPORT_FAILURE_REASON", Simple::UpstreamFailure),
    ("BYTES_RECEIVED", Simple::BytesReceived),
    ("BYTES_SENT", Simple::BytesSent),
    ("DURATION", Simple::Duration),
    ("UPSTREAM_HOST", Simple::UpstreamHost),
    ("UPSTREAM_REMOTE_ADDRESS", Simple::UpstreamHost),
    ("UPSTREAM_CLUSTER", Simple::UpstreamCluster),
    ("UPSTREAM_CLUSTER_RAW", Simple::UpstreamCluster),
    ("UPSTREAM_PEER_URI_SAN", Simple::UpstreamPeerUri),
    ("UPSTREAM_REQUEST_ATTEMPT_COUNT", Simple::UpstreamAttempts),
    ("REQUESTED_SERVER_NAME", Simple::ServerName),
    ("ROUTE_NAME", Simple::RouteName),
    ("FILTER_CHAIN_NAME", Simple::ChainName),
    ("DOWNSTREAM_PEER_URI_SAN", Simple::PeerUri),
    ("DOWNSTREAM_PEER_SUBJECT", Simple::PeerSubject),
    ("DOWNSTREAM_TLS_VERSION", Simple::TlsVersion),
    ("DOWNSTREAM_TLS_CIPHER", Simple::TlsCipher),
    ("CONNECTION_ID", Simple::ConnectionId),
    ("STREAM_ID", Simple::ConnectionId),
    ("HOSTNAME", Simple::Hostname),
];

impl Simple {
    /// The operator of a name; `None` for one that there is not.
    pub(super) fn parse(name: &str) -> Option<Self> {
        SIMPLE.iter().find(|(known, _)| *known == name).map(|(_, simple)| *simple)
    }

    /// What it says of a record.
    pub(super) fn of(self, record: &Record) -> Said<'_> {
        let some = |text: &'_ str| !text.is_empty();
        let text = match self {
            Self::Protocol => record.protocol,
            Self::ResponseCodeDetails => &record.details,
            Self::TerminationDetails => &record.termination_details,
            Self::UpstreamFailure => &record.upstream.failure,
            Self::UpstreamHost => record.upstream.host.as_deref().unwrap_or_default(),
            Self::UpstreamCluster => record.upstream.name.as_deref().unwrap_or_default(),
            Self::UpstreamPeerUri => &record.upstream.peer_uri,
            Self::ServerName => &record.server_name,
            Self::RouteName => record.route.as_deref().unwrap_or_default(),
            Self::ChainName => record.chain.as_deref().unwrap_or_default(),
            Self::PeerUri => &record.peer_uri,
            Self::PeerSubject => &record.peer_subject,
            Self::TlsVersion => record.tls.as_ref().map(|(version, _)| version.as_ref()).unwrap_or_default(),
            Self::TlsCipher => record.tls.as_ref().map(|(_, cipher)| cipher.as_ref()).unwrap_or_default(),
            Self::ResponseFlags if record.flags.is_empty() => "",
            Self::ResponseFlags => return Said::Text(record.flags.short()),
            Self::ResponseFlagsLong if record.flags.is_empty() => "",
            Self::ResponseFlagsLong => return Said::Text(record.flags.long()),
            Self::ResponseCode => return Said::Number(record.response_code.into()),
            Self::BytesReceived => return Said::Number(record.bytes_received),
            Self::BytesSent => return Said::Number(record.bytes_sent),
            Self::Duration => {
                return Said::Number(u64::try_from(record.duration.as_millis()).unwrap_or(u64::MAX));
            }
            Self::UpstreamAttempts => return Said::Number(record.upstream.attempts.into()),
            Self::ConnectionId => return Said::Number(record.connection_id),
            Self::Hostname => {
                return std::env::var("HOSTNAME").map_or(Said::Nothing, |name| Said::Text(Cow::Owned(name)));
            }
        };
        if some(text) { Said::Text(Cow::Borrowed(text)) } else { Said::Nothing }
    }
}
