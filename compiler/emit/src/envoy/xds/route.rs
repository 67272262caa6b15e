//! `envoy.config.route.v3`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Any, DataSource, Duration, Extension, HeaderMatcher, HeaderValueOption, Int64, Metadata, MetadataMatcher,
    QueryParameterMatcher, RegexMatchAndSubstitute, RegexMatcher, RuntimeFractionalPercent,
};

message! {
    /// `envoy.config.route.v3.RouteConfiguration`.
    RouteConfiguration {
        name: String,
        virtual_hosts: Vec<VirtualHost>,
        validate_clusters: Option<bool>,
        max_direct_response_body_size_bytes: Option<u32>,
        ignore_port_in_host_matching: bool,
    }
}

message! {
    /// `envoy.config.route.v3.VirtualHost`.
    VirtualHost {
        name: String,
        domains: Vec<String>,
        routes: Vec<Route>,
        require_tls: Option<TlsRequirement>,
        include_request_attempt_count: bool,
        typed_per_filter_config: BTreeMap<&'static str, Any>,
    }
}

/// `envoy.config.route.v3.VirtualHost.TlsRequirementType` but its default, `NONE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TlsRequirement {
    /// All plaintext requests are redirected.
    All,
}

message! {
    /// `envoy.config.route.v3.Route`.
    Route {
        name: String,
        r#match: Option<RouteMatch>,
        route: Option<RouteAction>,
        redirect: Option<RedirectAction>,
        direct_response: Option<DirectResponseAction>,
        metadata: Option<Metadata>,
        decorator: Option<Decorator>,
        typed_per_filter_config: BTreeMap<&'static str, Any>,
        request_headers_to_add: Vec<HeaderValueOption>,
        request_headers_to_remove: Vec<String>,
        response_headers_to_add: Vec<HeaderValueOption>,
        response_headers_to_remove: Vec<String>,
        stat_prefix: String,
    }
}

message! {
    /// `envoy.config.route.v3.Decorator`.
    Decorator {
        operation: String,
    }
}

message! {
    /// `envoy.config.route.v3.RouteMatch`.
    RouteMatch {
        prefix: Option<String>,
        path: Option<String>,
        safe_regex: Option<RegexMatcher>,
        path_separated_prefix: Option<String>,
        case_sensitive: Option<bool>,
        headers: Vec<HeaderMatcher>,
        query_parameters: Vec<QueryParameterMatcher>,
        dynamic_metadata: Vec<MetadataMatcher>,
    }
}

impl RouteMatch {
    /// Every path.
    pub(crate) fn any() -> Self {
        Self::prefix("/".to_owned())
    }

    /// A prefix of the path, and nothing else.
    pub(crate) fn prefix(prefix: String) -> Self {
        Self { prefix: Some(prefix), ..Self::default() }
    }
}

message! {
    /// `envoy.config.route.v3.RouteAction`.
    RouteAction {
        cluster: Option<String>,
        weighted_clusters: Option<WeightedCluster>,
        cluster_not_found_response_code: Option<ClusterNotFoundResponseCode>,
        prefix_rewrite: String,
        regex_rewrite: Option<RegexMatchAndSubstitute>,
        host_rewrite_literal: Option<String>,
        append_x_forwarded_host: bool,
        timeout: Option<Duration>,
        retry_policy: Option<RetryPolicy>,
        request_mirror_policies: Vec<RequestMirrorPolicy>,
        hash_policy: Vec<HashPolicy>,
        max_grpc_timeout: Option<Duration>,
        max_stream_duration: Option<MaxStreamDuration>,
    }
}

/// `envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode` but its default, `SERVICE_UNAVAILABLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ClusterNotFoundResponseCode {
    /// 500.
    InternalServerError,
}

message! {
    /// `envoy.config.route.v3.RouteAction.MaxStreamDuration`.
    MaxStreamDuration {
        max_stream_duration: Option<Duration>,
        grpc_timeout_header_max: Option<Duration>,
    }
}

message! {
    /// `envoy.config.route.v3.WeightedCluster`.
    WeightedCluster {
        clusters: Vec<ClusterWeight>,
    }
}

message! {
    /// `envoy.config.route.v3.WeightedCluster.ClusterWeight`.
    ClusterWeight {
        name: String,
        weight: Option<u32>,
        request_headers_to_add: Vec<HeaderValueOption>,
        request_headers_to_remove: Vec<String>,
        response_headers_to_add: Vec<HeaderValueOption>,
        response_headers_to_remove: Vec<String>,
        typed_per_filter_config: BTreeMap<&'static str, Any>,
        host_rewrite_literal: Option<String>,
    }
}

message! {
    /// `envoy.config.route.v3.RouteAction.RequestMirrorPolicy`.
    RequestMirrorPolicy {
        cluster: String,
        runtime_fraction: Option<RuntimeFractionalPercent>,
        trace_sampled: Option<bool>,
        disable_shadow_host_suffix_append: bool,
    }
}

message! {
    /// `envoy.config.route.v3.RouteAction.HashPolicy`.
    HashPolicy {
        header: Option<HashHeader>,
        cookie: Option<HashCookie>,
        connection_properties: Option<HashConnection>,
        query_parameter: Option<HashQueryParameter>,
    }
}

message! {
    /// `envoy.config.route.v3.RouteAction.HashPolicy.Header`.
    HashHeader {
        header_name: String,
    }
}

message! {
    /// `envoy.config.route.v3.RouteAction.HashPolicy.Cookie`.
    HashCookie {
        name: String,
        ttl: Option<Duration>,
        path: String,
        attributes: Vec<HashCookieAttribute>,
    }
}

message! {
    /// `envoy.config.route.v3.RouteAction.HashPolicy.CookieAttribute`.
    HashCookieAttribute {
        name: String,
        value: String,
    }
}

message! {
    /// `envoy.config.route.v3.RouteAction.HashPolicy.ConnectionProperties`.
    HashConnection {
        source_ip: bool,
    }
}

message! {
    /// `envoy.config.route.v3.RouteAction.HashPolicy.QueryParameter`.
    HashQueryParameter {
        name: String,
    }
}

message! {
    /// `envoy.config.route.v3.RetryPolicy`.
    RetryPolicy {
        retry_on: String,
        num_retries: Option<u32>,
        per_try_timeout: Option<Duration>,
        retry_priority: Option<Extension>,
        retry_host_predicate: Vec<Extension>,
        host_selection_retry_max_attempts: Option<Int64>,
        retriable_status_codes: Vec<u32>,
        retry_back_off: Option<RetryBackOff>,
    }
}

message! {
    /// `envoy.config.route.v3.RetryPolicy.RetryBackOff`.
    RetryBackOff {
        base_interval: Option<Duration>,
    }
}

message! {
    /// `envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig`.
    PreviousPriorities {
        update_frequency: u32,
    }
}

message! {
    /// `envoy.config.route.v3.RedirectAction`.
    RedirectAction {
        scheme_redirect: Option<String>,
        host_redirect: String,
        port_redirect: u32,
        path_redirect: Option<String>,
        prefix_rewrite: Option<String>,
        response_code: Option<RedirectResponseCode>,
    }
}

/// `envoy.config.route.v3.RedirectAction.RedirectResponseCode` but its default, `MOVED_PERMANENTLY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RedirectResponseCode {
    /// 302.
    Found,
    /// 303.
    SeeOther,
    /// 307.
    TemporaryRedirect,
    /// 308.
    PermanentRedirect,
}

message! {
    /// `envoy.config.route.v3.DirectResponseAction`.
    DirectResponseAction {
        status: u32,
        body: Option<DataSource>,
    }
}
