//! Access logs, and tags of traces.

use super::{Any, Empty, Extension, GrpcService, PathSegment, SubstitutionFormat};

message! {
    /// `envoy.config.accesslog.v3.AccessLog`.
    AccessLog {
        name: &'static str,
        filter: Option<AccessLogFilter>,
        typed_config: Option<Box<Any>>,
    }
}

message! {
    /// `envoy.config.accesslog.v3.AccessLogFilter`.
    AccessLogFilter {
        and_filter: Option<AndFilter>,
        response_flag_filter: Option<ResponseFlagFilter>,
        extension_filter: Option<Extension>,
    }
}

message! {
    /// `envoy.config.accesslog.v3.AndFilter`.
    AndFilter {
        filters: Vec<AccessLogFilter>,
    }
}

message! {
    /// `envoy.config.accesslog.v3.ResponseFlagFilter`.
    ResponseFlagFilter {
        flags: Vec<String>,
    }
}

message! {
    /// `envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter`.
    CelFilter {
        expression: String,
    }
}

message! {
    /// `envoy.extensions.access_loggers.file.v3.FileAccessLog`.
    FileAccessLog {
        path: String,
        log_format: Option<SubstitutionFormat>,
    }
}

message! {
    /// `envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig`, `TcpGrpcAccessLogConfig`, which lacks the headers.
    GrpcAccessLog {
        common_config: Option<CommonGrpcAccessLog>,
        additional_request_headers_to_log: Vec<String>,
        additional_response_headers_to_log: Vec<String>,
        additional_response_trailers_to_log: Vec<String>,
    }
}

message! {
    /// `envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig`.
    CommonGrpcAccessLog {
        log_name: String,
        grpc_service: Option<GrpcService>,
        transport_api_version: &'static str,
        filter_state_objects_to_log: Vec<String>,
    }
}

message! {
    /// `envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig`.
    OpenTelemetryAccessLog {
        common_config: Option<CommonGrpcAccessLog>,
        /// An `opentelemetry.proto.common.v1.AnyValue`.
        body: Option<serde_json::Value>,
        attributes: Option<KeyValueList>,
        disable_builtin_labels: bool,
        formatters: Vec<Extension>,
    }
}

message! {
    /// `opentelemetry.proto.common.v1.KeyValueList`.
    KeyValueList {
        /// `KeyValue`s.
        values: Vec<serde_json::Value>,
    }
}

message! {
    /// `envoy.type.tracing.v3.CustomTag`.
    CustomTag {
        tag: String,
        literal: Option<TagLiteral>,
        environment: Option<TagWithDefault>,
        request_header: Option<TagWithDefault>,
        metadata: Option<TagMetadata>,
    }
}

message! {
    /// `envoy.type.tracing.v3.CustomTag.Literal`.
    TagLiteral {
        value: String,
    }
}

message! {
    /// `envoy.type.tracing.v3.CustomTag.Environment`, `Header`.
    TagWithDefault {
        name: String,
        default_value: String,
    }
}

message! {
    /// `envoy.type.tracing.v3.CustomTag.Metadata`.
    TagMetadata {
        kind: Option<MetadataKind>,
        metadata_key: Option<MetadataKey>,
    }
}

message! {
    /// `envoy.type.metadata.v3.MetadataKind`.
    MetadataKind {
        request: Option<Empty>,
    }
}

message! {
    /// `envoy.type.metadata.v3.MetadataKey`.
    MetadataKey {
        key: &'static str,
        path: Vec<PathSegment>,
    }
}
