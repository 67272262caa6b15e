//! Access logs and tracing.

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
    /// `envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig`, `TcpGrpcAccessLogConfig`.
    GrpcAccessLog {
        common_config: Option<CommonGrpcAccessLog>,
    }
}

message! {
    /// `envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig`.
    CommonGrpcAccessLog {
        log_name: String,
        grpc_service: Option<GrpcService>,
        transport_api_version: &'static str,
        filter_state_objects_to_log: Vec<&'static str>,
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

message! {
    /// `envoy.config.trace.v3.ZipkinConfig`.
    ZipkinConfig {
        collector_cluster: String,
        collector_endpoint: String,
        #[serde(rename = "traceId128bit")]
        trace_id_128bit: bool,
        shared_span_context: Option<bool>,
        collector_endpoint_version: &'static str,
    }
}
