//! Names of headers that the proxy reads or writes.

use ::http::HeaderName;
pub(super) use ::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, AUTHORIZATION,
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST, LOCATION, ORIGIN, SERVER, SET_COOKIE, TE,
    TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
};

macro_rules! names {
    ($($name:ident = $text:literal;)*) => {
        $(pub(super) const $name: HeaderName = HeaderName::from_static($text);)*
    };
}

names! {
    KEEP_ALIVE = "keep-alive";
    PROXY_CONNECTION = "proxy-connection";
    HTTP2_SETTINGS = "http2-settings";
    FORWARDED_FOR = "x-forwarded-for";
    FORWARDED_PROTO = "x-forwarded-proto";
    FORWARDED_PORT = "x-forwarded-port";
    FORWARDED_HOST = "x-forwarded-host";
    CLIENT_CERT = "x-forwarded-client-cert";
    REQUEST_ID = "x-request-id";
    ENVOY_INTERNAL = "x-envoy-internal";
    ENVOY_EXTERNAL_ADDRESS = "x-envoy-external-address";
    ENVOY_ORIGINAL_PATH = "x-envoy-original-path";
    ENVOY_ATTEMPT_COUNT = "x-envoy-attempt-count";
    ENVOY_EXPECTED_TIMEOUT = "x-envoy-expected-rq-timeout-ms";
    ENVOY_TIMEOUT = "x-envoy-upstream-rq-timeout-ms";
    ENVOY_SERVICE_TIME = "x-envoy-upstream-service-time";
    ENVOY_OVERLOADED = "x-envoy-overloaded";
    ENVOY_RATE_LIMITED = "x-envoy-ratelimited";
    ENVOY_DECORATOR = "x-envoy-decorator-operation";
    GRPC_STATUS = "grpc-status";
    GRPC_MESSAGE = "grpc-message";
}

/// Headers that only internal callers may send.
pub(super) const INTERNAL_ONLY: [HeaderName; 14] = [
    HeaderName::from_static("x-envoy-retriable-status-codes"),
    HeaderName::from_static("x-envoy-retriable-header-names"),
    HeaderName::from_static("x-envoy-retry-on"),
    HeaderName::from_static("x-envoy-retry-grpc-on"),
    HeaderName::from_static("x-envoy-max-retries"),
    HeaderName::from_static("x-envoy-upstream-alt-stat-name"),
    HeaderName::from_static("x-envoy-upstream-rq-timeout-ms"),
    HeaderName::from_static("x-envoy-upstream-rq-per-try-timeout-ms"),
    HeaderName::from_static("x-envoy-upstream-rq-timeout-alt-response"),
    HeaderName::from_static("x-envoy-expected-rq-timeout-ms"),
    HeaderName::from_static("x-envoy-force-trace"),
    HeaderName::from_static("x-envoy-ip-tags"),
    HeaderName::from_static("x-envoy-original-url"),
    HeaderName::from_static("x-envoy-hedge-on-per-try-timeout"),
];

/// Headers by which callers ask Envoy for retries. It takes them out whether it does as they say or not.
pub(super) const RETRIES: [HeaderName; 7] = [
    HeaderName::from_static("x-envoy-retriable-status-codes"),
    HeaderName::from_static("x-envoy-retriable-header-names"),
    HeaderName::from_static("x-envoy-retry-on"),
    HeaderName::from_static("x-envoy-retry-grpc-on"),
    HeaderName::from_static("x-envoy-max-retries"),
    HeaderName::from_static("x-envoy-upstream-rq-per-try-timeout-ms"),
    HeaderName::from_static("x-envoy-hedge-on-per-try-timeout"),
];

/// Headers that nobody outside of the mesh may send through an edge.
pub(super) const EDGE_ONLY: [HeaderName; 4] = [
    HeaderName::from_static("x-envoy-decorator-operation"),
    HeaderName::from_static("x-envoy-downstream-service-cluster"),
    HeaderName::from_static("x-envoy-downstream-service-node"),
    HeaderName::from_static("x-envoy-original-path"),
];
