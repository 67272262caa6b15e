//! `envoy.extensions.upstreams.http.v3`.

use super::{CommonHttpProtocolOptions, Http1ProtocolOptions, Http2ProtocolOptions, MatchPredicate};

message! {
    /// `HttpProtocolOptions`.
    HttpProtocolOptions {
        common_http_protocol_options: Option<CommonHttpProtocolOptions>,
        upstream_http_protocol_options: Option<UpstreamHttpProtocolOptions>,
        explicit_http_config: Option<ExplicitHttpConfig>,
        use_downstream_protocol_config: Option<UseDownstreamHttpConfig>,
        outlier_detection: Option<HttpOutlierDetection>,
    }
}

message! {
    /// `envoy.config.core.v3.UpstreamHttpProtocolOptions`.
    UpstreamHttpProtocolOptions {
        auto_sni: bool,
        auto_san_validation: bool,
    }
}

message! {
    /// `HttpProtocolOptions.ExplicitHttpConfig`.
    ExplicitHttpConfig {
        http_protocol_options: Option<Http1ProtocolOptions>,
        http2_protocol_options: Option<Http2ProtocolOptions>,
    }
}

message! {
    /// `HttpProtocolOptions.UseDownstreamHttpConfig`.
    UseDownstreamHttpConfig {
        http_protocol_options: Option<Http1ProtocolOptions>,
        http2_protocol_options: Option<Http2ProtocolOptions>,
    }
}

message! {
    /// `HttpProtocolOptions.OutlierDetection`.
    HttpOutlierDetection {
        error_matcher: Option<MatchPredicate>,
    }
}
