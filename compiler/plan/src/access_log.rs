//! Access logs.

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
    },
    /// Envoy's access log service, through the cluster `envoy_accesslog_service` of the bootstrap.
    Service {
        /// Name of the log.
        log_name: String,
        /// Whether connections rather than requests are logged.
        tcp: bool,
    },
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
