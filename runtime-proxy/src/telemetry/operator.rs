//! Envoy's command operators: what stands between per cent signs in formats of logs and in values of headers.

mod header;
mod simple;

use std::borrow::Cow;
use std::net::SocketAddr;

use ::http::HeaderName;

use self::header::Header;
use self::simple::Simple;
use super::{Record, time};

/// One operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operator {
    StartTime(Option<String>),
    Request(Header),
    /// A request header whose query is cut off.
    RequestWithoutQuery(Header),
    Response(Header),
    Trailer(Header),
    Environment(String),
    GrpcStatus(GrpcSpelling),
    Address {
        which: Which,
        part: Part,
    },
    Simple(Simple),
}

/// Address of which socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    DownstreamLocal,
    DownstreamRemote,
    DownstreamDirectRemote,
    UpstreamLocal,
}

/// What of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Both,
    WithoutPort,
    Port,
}

/// How a gRPC status is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GrpcSpelling {
    Camel,
    Snake,
    Number,
}

const ADDRESSES: [(&str, Which); 4] = [
    ("DOWNSTREAM_LOCAL_", Which::DownstreamLocal),
    ("DOWNSTREAM_REMOTE_", Which::DownstreamRemote),
    ("DOWNSTREAM_DIRECT_REMOTE_", Which::DownstreamDirectRemote),
    ("UPSTREAM_LOCAL_", Which::UpstreamLocal),
];

/// gRPC status codes as Envoy names them.
const GRPC: [(&str, &str); 17] = [
    ("OK", "OK"),
    ("Canceled", "CANCELLED"),
    ("Unknown", "UNKNOWN"),
    ("InvalidArgument", "INVALID_ARGUMENT"),
    ("DeadlineExceeded", "DEADLINE_EXCEEDED"),
    ("NotFound", "NOT_FOUND"),
    ("AlreadyExists", "ALREADY_EXISTS"),
    ("PermissionDenied", "PERMISSION_DENIED"),
    ("ResourceExhausted", "RESOURCE_EXHAUSTED"),
    ("FailedPrecondition", "FAILED_PRECONDITION"),
    ("Aborted", "ABORTED"),
    ("OutOfRange", "OUT_OF_RANGE"),
    ("Unimplemented", "UNIMPLEMENTED"),
    ("Internal", "INTERNAL"),
    ("Unavailable", "UNAVAILABLE"),
    ("DataLoss", "DATA_LOSS"),
    ("Unauthenticated", "UNAUTHENTICATED"),
];

/// What an operator says of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said<'r> {
    Nothing,
    Text(Cow<'r, str>),
    Number(u64),
}

impl Operator {
    /// Reads an operator: its name and what stands in parentheses behind it.
    ///
    /// # Errors
    /// If the proxy does not know it, as a sentence.
    pub(super) fn parse(name: &str, argument: Option<&str>) -> Result<Self, String> {
        let header = || Header::parse(argument.unwrap_or_default());
        let operator = match name {
            "START_TIME" => Self::StartTime(argument.filter(|text| !text.is_empty()).map(ToOwned::to_owned)),
            "REQ" => Self::Request(header()?),
            "REQ_WITHOUT_QUERY" => Self::RequestWithoutQuery(header()?),
            "RESP" => Self::Response(header()?),
            "TRAILER" => Self::Trailer(header()?),
            "ENVIRONMENT" => Self::Environment(argument.unwrap_or_default().to_owned()),
            "GRPC_STATUS" => Self::GrpcStatus(match argument {
                None | Some("" | "CAMEL_STRING") => GrpcSpelling::Camel,
                Some("SNAKE_STRING") => GrpcSpelling::Snake,
                Some("NUMBER") => GrpcSpelling::Number,
                Some(other) => return Err(format!("`{other}` is no way to spell a gRPC status")),
            }),
            "GRPC_STATUS_NUMBER" => Self::GrpcStatus(GrpcSpelling::Number),
            other => return Self::without_argument(other),
        };
        Ok(operator)
    }

    fn without_argument(name: &str) -> Result<Self, String> {
        if let Some(simple) = Simple::parse(name) {
            return Ok(Self::Simple(simple));
        }
        let address = ADDRESSES.iter().find_map(|(start, which)| Some((name.strip_prefix(start)?, *which)));
        match address {
            Some(("ADDRESS", which)) => Ok(Self::Address { which, part: Part::Both }),
            Some(("ADDRESS_WITHOUT_PORT", which)) => Ok(Self::Address { which, part: Part::WithoutPort }),
            Some(("PORT", which)) => Ok(Self::Address { which, part: Part::Port }),
            _ => Err(format!("`%{name}%` is an operator that the proxy does not know")),
        }
    }

    /// Headers of the request that it looks at.
    pub(super) fn request_headers(&self) -> impl Iterator<Item = &HeaderName> {
        let header = match self {
            Self::Request(header) | Self::RequestWithoutQuery(header) => Some(header),
            _ => None,
        };
        header.into_iter().flat_map(Header::names)
    }

    /// Headers of the response that it looks at.
    pub(super) fn response_headers(&self) -> impl Iterator<Item = &HeaderName> {
        let header = match self {
            Self::Response(header) => Some(header),
            _ => None,
        };
        header.into_iter().flat_map(Header::names)
    }

    /// What it says of a record.
    pub(super) fn of<'r>(&'r self, record: &'r Record) -> Said<'r> {
        let http = record.http.as_deref();
        match self {
            Self::StartTime(pattern) => {
                let mut out = String::with_capacity(24);
                match pattern {
                    Some(pattern) => time::write_pattern(record.started, pattern, &mut out),
                    None => time::write_iso(record.started, &mut out),
                }
                Said::Text(Cow::Owned(out))
            }
            Self::Request(header) => header.of(record, http.map(|http| &http.request)),
            Self::RequestWithoutQuery(header) => match header.of(record, http.map(|http| &http.request)) {
                Said::Text(Cow::Borrowed(text)) => {
                    Said::Text(Cow::Borrowed(text.split('?').next().unwrap_or(text)))
                }
                Said::Text(Cow::Owned(text)) => {
                    Said::Text(Cow::Owned(text.split('?').next().unwrap_or_default().to_owned()))
                }
                other => other,
            },
            Self::Response(header) => header.of(record, http.map(|http| &http.response)),
            Self::Trailer(header) => header.of(record, http.map(|http| &http.trailers)),
            Self::Environment(name) => {
                std::env::var(name).map_or(Said::Nothing, |value| Said::Text(Cow::Owned(value)))
            }
            Self::GrpcStatus(spelling) => grpc(http.and_then(|http| http.grpc_status), *spelling),
            Self::Address { which, part } => address(which.of(record), *part),
            Self::Simple(simple) => simple.of(record),
        }
    }
}

impl Which {
    fn of(self, record: &Record) -> Option<SocketAddr> {
        match self {
            Self::DownstreamLocal => record.downstream_local,
            Self::DownstreamRemote => record.downstream_remote,
            Self::DownstreamDirectRemote => record.downstream_direct_remote,
            Self::UpstreamLocal => record.upstream.local,
        }
    }
}

fn address<'r>(address: Option<SocketAddr>, part: Part) -> Said<'r> {
    match (address, part) {
        (None, _) => Said::Nothing,
        (Some(address), Part::Both) => Said::Text(Cow::Owned(address.to_string())),
        (Some(address), Part::WithoutPort) => Said::Text(Cow::Owned(address.ip().to_string())),
        (Some(address), Part::Port) => Said::Number(address.port().into()),
    }
}

fn grpc<'r>(status: Option<u16>, spelling: GrpcSpelling) -> Said<'r> {
    let Some(status) = status else { return Said::Nothing };
    let names = GRPC.get(usize::from(status));
    match (spelling, names) {
        (GrpcSpelling::Number, _) => Said::Number(status.into()),
        (GrpcSpelling::Camel, Some((camel, _))) => Said::Text(Cow::Borrowed(camel)),
        (GrpcSpelling::Snake, Some((_, snake))) => Said::Text(Cow::Borrowed(snake)),
        (_, None) => Said::Text(Cow::Owned(status.to_string())),
    }
}
