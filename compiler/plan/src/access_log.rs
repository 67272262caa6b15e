//! Access logs.

use crate::{Collector, UpstreamName};

/// One access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// Where it goes.
    pub sink: AccessLogSink,
    /// What is logged; all must hold; empty logs everything.
    pub filters: Vec<AccessLogFilter>,
}

/// Where a log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessLogSink {
    /// A file.
    File {
        /// Path; `/dev/stdout` is usual.
        path: String,
        /// Format.
        format: AccessLogFormat,
        /// Whether what is not there is left out instead of being `-`.
        omit_empty_values: bool,
    },
    /// A service that takes Envoy's access log protocol.
    Service(Box<LogService>),
    /// OpenTelemetry.
    OpenTelemetry(Box<OpenTelemetryLog>),
}

/// A service that takes Envoy's access log protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogService {
    /// Where it is.
    pub collector: LogCollector,
    /// Name of the log.
    pub log_name: String,
    /// Whether connections rather than requests are logged.
    pub tcp: bool,
    /// State of the connection or request in each entry, in order.
    pub filter_state: Vec<String>,
    /// Request headers in each entry, in order.
    pub request_headers: Vec<String>,
    /// Response headers in each entry, in order.
    pub response_headers: Vec<String>,
    /// Response trailers in each entry, in order.
    pub response_trailers: Vec<String>,
}

/// Where a log service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogCollector {
    /// What `envoyAccessLogService` names: [`ProcessUpstream::AccessLogService`](crate::ProcessUpstream::AccessLogService).
    Process,
    /// A service of the mesh.
    Service(Collector),
}

/// A log to OpenTelemetry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTelemetryLog {
    /// The collector.
    pub collector: Collector,
    /// Name of the log.
    pub log_name: String,
    /// Body of each entry, with Envoy's operators.
    pub body: String,
    /// Attributes of each entry, sorted by name, with Envoy's operators.
    pub attributes: Vec<(String, serde_json::Value)>,
    /// State of the connection or request in each entry, in order.
    pub filter_state: Vec<String>,
}

impl AccessLogSink {
    /// The upstream that entries are sent to, if they are sent to a service of the mesh.
    #[must_use]
    pub fn upstream(&self) -> Option<&UpstreamName> {
        match self {
            Self::File { .. } => None,
            Self::Service(service) => match &service.collector {
                LogCollector::Process => None,
                LogCollector::Service(collector) => Some(&collector.upstream),
            },
            Self::OpenTelemetry(log) => Some(&log.collector.upstream),
        }
    }
}

/// Format of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessLogFormat {
    /// One line, Envoy's operators, with its newline.
    Text(String),
    /// One JSON object, keys with operators, in order.
    Json(Vec<(String, serde_json::Value)>),
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessLogFilter {
    /// Connections and requests with one of these response flags.
    ResponseFlags(Vec<String>),
    /// What this CEL expression holds for.
    Cel(String),
}
