//! HTTP filters and what routes state for them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Any, DataSource, DnsCacheConfig, Duration, Extension, FractionalPercent, HeaderMatcher, Percent, Rbac,
    RuntimeFractionalPercent, StringMatcher,
};

message! {
    /// `envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter`.
    HttpFilter {
        name: Cow<'static, str>,
        typed_config: Option<Box<Any>>,
    }
}

message! {
    /// `envoy.extensions.filters.http.health_check.v3.HealthCheck`.
    HealthCheckFilter {
        pass_through_mode: Option<bool>,
        cluster_min_healthy_percentages: BTreeMap<String, Percent>,
        headers: Vec<HeaderMatcher>,
    }
}

message! {
    /// `envoy.extensions.filters.http.router.v3.Router`.
    Router {
        suppress_envoy_headers: bool,
    }
}

message! {
    /// `envoy.extensions.filters.http.rbac.v3.RBAC`.
    HttpRbac {
        rules: Option<Rbac>,
        shadow_rules: Option<Rbac>,
        shadow_rules_stat_prefix: &'static str,
    }
}

message! {
    /// `envoy.extensions.filters.http.grpc_stats.v3.FilterConfig`.
    GrpcStats {
        emit_filter_state: bool,
        stats_for_all_methods: Option<bool>,
    }
}

message! {
    /// `envoy.extensions.filters.http.fault.v3.HTTPFault`.
    HttpFault {
        delay: Option<FaultDelay>,
        abort: Option<FaultAbort>,
    }
}

message! {
    /// `envoy.extensions.filters.common.fault.v3.FaultDelay`.
    FaultDelay {
        fixed_delay: Option<Duration>,
        percentage: Option<FractionalPercent>,
    }
}

message! {
    /// `envoy.extensions.filters.http.fault.v3.FaultAbort`.
    FaultAbort {
        http_status: Option<u32>,
        grpc_status: Option<u32>,
        percentage: Option<FractionalPercent>,
    }
}

message! {
    /// `envoy.extensions.filters.http.cors.v3.CorsPolicy`.
    CorsPolicy {
        allow_origin_string_match: Vec<StringMatcher>,
        allow_methods: String,
        allow_headers: String,
        expose_headers: String,
        max_age: String,
        allow_credentials: Option<bool>,
        filter_enabled: Option<RuntimeFractionalPercent>,
        forward_not_matching_preflights: Option<bool>,
    }
}

message! {
    /// `envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig`.
    DynamicForwardProxy {
        dns_cache_config: Option<DnsCacheConfig>,
    }
}

message! {
    /// `envoy.extensions.filters.http.stateful_session.v3.StatefulSession`.
    StatefulSession {
        session_state: Option<Extension>,
    }
}

message! {
    /// `envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute`.
    StatefulSessionPerRoute {
        stateful_session: Option<StatefulSession>,
    }
}

message! {
    /// `envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState`.
    CookieBasedSessionState {
        cookie: Option<HttpCookie>,
    }
}

message! {
    /// `envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState`.
    HeaderBasedSessionState {
        name: String,
    }
}

message! {
    /// `envoy.type.http.v3.Cookie`.
    HttpCookie {
        name: String,
        path: String,
    }
}

message! {
    /// `envoy.extensions.filters.http.set_filter_state.v3.Config`.
    SetFilterState {
        on_request_headers: Vec<FilterStateValue>,
    }
}

message! {
    /// `envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue`.
    FilterStateValue {
        object_key: &'static str,
        format_string: Option<SubstitutionFormat>,
    }
}

message! {
    /// `envoy.config.core.v3.SubstitutionFormatString`.
    SubstitutionFormat {
        json_format: Option<serde_json::Value>,
        text_format_source: Option<DataSource>,
        omit_empty_values: bool,
        formatters: Vec<Extension>,
    }
}

message! {
    /// `envoy.config.route.v3.FilterConfig`.
    RouteFilterConfig {
        disabled: bool,
    }
}

message! {
    /// `envoy.extensions.filters.http.compressor.v3.Compressor`.
    Compressor {
        compressor_library: Option<Extension>,
        response_direction_config: Option<CompressorDirection>,
    }
}

message! {
    /// `envoy.extensions.filters.http.compressor.v3.Compressor.ResponseDirectionConfig`.
    CompressorDirection {
        common_config: Option<CompressorCommon>,
    }
}

message! {
    /// `envoy.extensions.filters.http.compressor.v3.Compressor.CommonDirectionConfig`.
    CompressorCommon {
        content_type: Vec<&'static str>,
    }
}

message! {
    /// `istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig`.
    IstioAlpn {
        alpn_override: Vec<AlpnOverride>,
    }
}

message! {
    /// `istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.AlpnOverride`.
    AlpnOverride {
        upstream_protocol: Option<AlpnProtocol>,
        alpn_override: Vec<&'static str>,
    }
}

/// `istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.Protocol` but its default, `HTTP10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum AlpnProtocol {
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

message! {
    /// `stats.PluginConfig`.
    IstioStats {
        disable_host_header_fallback: bool,
        tcp_reporting_duration: Option<Duration>,
        metrics: Vec<IstioMetric>,
    }
}

message! {
    /// `stats.MetricConfig`.
    IstioMetric {
        dimensions: BTreeMap<String, String>,
        name: String,
        tags_to_remove: Vec<String>,
        drop: bool,
    }
}

message! {
    /// `udpa.type.v1.TypedStruct`: a message that the sender has no descriptor for.
    TypedStruct {
        type_url: &'static str,
        value: Option<serde_json::Value>,
    }
}
