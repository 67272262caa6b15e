//! What the bundled proxy lacks, and what becomes of a plan that asks for it.
//!
//! The page `docs/reference/targets.md` is made of the same table, so that it cannot promise what the emitter refuses.

/// What becomes of a plan that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The build fails: traffic would go another way.
    Refused,
    /// The build warns: traffic goes the same way, something about it is lost.
    Ignored,
}

/// Whether a target has a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// It has.
    Yes,
    /// It has not, with what happens.
    No(&'static str),
    /// In part.
    Partly(&'static str),
}

/// Something that the bundled proxy lacks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Whether a stock Envoy has it.
    pub(crate) stock: Support,
    /// Whether Istio's build of Envoy has it.
    pub(crate) istio: Support,
    /// What becomes of a plan that asks for it.
    pub(crate) fate: Fate,
    /// What it means for traffic when it is missing.
    pub(crate) consequence: &'static str,
    /// What else there is to do, beside running Envoy for the workload; may be empty.
    pub(crate) otherwise: &'static str,
}

macro_rules! features {
    ($($ident:ident = $name:literal, $stock:expr, $istio:expr, $fate:ident, $consequence:literal, $otherwise:literal;)*) => {
        $(pub(crate) static $ident: Feature = Feature {
            name: $name,
            stock: $stock,
            istio: $istio,
            fate: Fate::$fate,
            consequence: $consequence,
            otherwise: $otherwise,
        };)*
        /// All of them.
        #[cfg(test)]
        pub(crate) static LACKING: &[&Feature] = &[$(&$ident),*];
    };
}

use Support::{No, Partly, Yes};

features! {
    TPROXY = "TPROXY interception", Yes, Yes, Refused,
        "captured connections would not reach the application", "capture with REDIRECT, the default";
    LITERAL_ADDRESS = "a listener address that is no IP address", Yes, Yes, Refused,
        "nothing listens for these connections", "state IP addresses in the ServiceEntry";
    HTTP3 = "HTTP/3 to clients of gateways (`PILOT_ENABLE_QUIC_LISTENERS`)", Yes, Yes, Refused,
        "`alt-svc` would send clients to a UDP port that nothing listens on", "take the UDP port out of the Service of the gateway";
    DYNAMIC_FORWARD_PROXY = "endpoints looked up by the host of each request (DYNAMIC_DNS)", Yes, Yes, Refused,
        "requests to these hosts are answered with 503, connections are closed", "list the hosts in ServiceEntries with resolution DNS";
    SLOW_START = "slow start of new endpoints (`warmup`)", Yes, Yes, Refused,
        "new endpoints would get their full share of requests at once", "take `warmup` out of the DestinationRule";
    SESSIONS = "persistent sessions (`istio.io/persistent-session`)", Yes, Yes, Refused,
        "requests of a session would go to any endpoint", "state `consistentHash` in a DestinationRule";
    ZONE_AWARE = "zone-aware balancing", Yes, Yes, Ignored,
        "endpoints of all zones are picked alike", "";
    HTTP2_KEEPALIVE = "HTTP/2 keepalive to upstreams", Yes, Yes, Ignored,
        "a dead HTTP/2 connection is found by timeouts and TCP keepalive", "state `tcpKeepalive` beside it";
    RETRY_BUDGET_INTERVAL = "the interval of a retry budget", Partly("from Envoy 1.39 on"), Yes, Ignored,
        "retries are limited by the requests of the moment and not by those of the interval", "";
    UPSTREAM_CIPHERS = "cipher suites for TLS to upstreams", Yes, Yes, Ignored,
        "the proxy offers all secure suites of TLS 1.2 and 1.3", "";
    CURVES = "a list of curves for TLS", Yes, Yes, Ignored,
        "the proxy takes X25519, P-256 and P-384", "";
    CIPHERS = "the cipher suites of TLS 1.2 that are listed", Yes, Yes, Refused,
        "clients of TLS 1.2 could not connect", "list suites with ECDHE and AES-GCM or ChaCha20, or none";
    WEAK_CIPHERS = "cipher suites without forward secrecy or without AEAD", Yes, Yes, Ignored,
        "clients that offer nothing else cannot connect", "";
    OLD_TLS = "TLS 1.0 and 1.1", Yes, Yes, Refused,
        "old clients could not connect", "state TLSV1_2 as the smallest version";
    UNTRUSTED_CLIENTS = "client certificates that do not verify (`insecureSkipVerify`)", Yes, Yes, Refused,
        "clients with other certificates could not connect", "name the CA of the clients";
    NAMED_CREDENTIAL = "key material of a provider (`sds://…`)", No("Envoy refuses to use it"), Yes, Refused,
        "connections that need it are refused", "put it into a Secret or into files";
    REMOTE_JWKS = "keys of a token issuer that are fetched at run time (`jwksUri`)", Yes, Yes, Refused,
        "every token of the issuer would be refused", "state the keys in `jwks`";
    GRPC_WEB = "translation of gRPC-Web", Yes, Yes, Refused,
        "gRPC-Web requests would reach the application as they are", "name the port `grpc-` or `http-` if the application speaks gRPC-Web itself";
    REDIS = "the Redis protocol (`redis-` ports with ENABLE_REDIS_FILTER)", Yes, Yes, Refused,
        "connections to the port are closed", "name the port `tcp-`";
    MONGO_STATISTICS = "statistics of MongoDB operations", Yes, Yes, Ignored,
        "bytes are passed on, and no operation is counted", "";
    MYSQL_STATISTICS = "statistics of MySQL operations", No("left out"), Yes, Ignored,
        "bytes are passed on, and no operation is counted", "";
    TUNNEL = "tunnels over HTTP to an upstream (`trafficPolicy.tunnel`)", Yes, Yes, Refused,
        "connections that the rule sends through the tunnel are closed", "";
    LOG_SERVICE = "access logs over gRPC", Yes, Yes, Refused,
        "the log service would see nothing of this proxy", "log to `/dev/stdout`";
    LOG_OMISSIONS = "leaving values that are not there out of access logs (`omitEmptyValues`)", Yes, Yes, Ignored,
        "such values are `-` in text and null in JSON", "";
    LOG_EXPRESSION = "access log filters in CEL", Yes, Yes, Refused,
        "the log would hold more than was asked for", "take the filter out of the Telemetry";
    TRACING = "tracing", Yes, Yes, Ignored,
        "the proxy makes no spans; headers of traces pass through it", "";
    METRIC_OVERRIDES = "changed labels of Istio's metrics (Telemetry `metrics`)", No("it has none of Istio's metrics"), Yes, Refused,
        "dashboards and alerts would read other labels than was asked for", "";
    METRIC_INTERVAL = "the reporting interval of TCP metrics", No("it has none of Istio's metrics"), Yes, Ignored,
        "TCP metrics are counted as bytes pass", "";
    STATISTICS = "Envoy statistics beside Istio's metrics (`proxyStatsMatcher`, `extraStatTags`)", Yes, Yes, Ignored,
        "the proxy has Istio's metrics and few of its own", "";
    STATISTICS_SINKS = "statistics that are sent somewhere (`statsdUdpAddress`, `envoyMetricsService`)", Yes, Yes, Ignored,
        "nothing is sent; Prometheus finds the metrics of the proxy", "";
    HISTOGRAMS = "histograms of other buckets and forgotten metrics (`statsHistogramBuckets`, `statsEvictionInterval`)", Yes, Yes, Ignored,
        "histograms have the buckets of the proxy, and a metric stays", "";
    RUNTIME_VALUES = "runtime keys of Envoy (`runtimeValues`)", Yes, Yes, Ignored,
        "the keys are about code that the proxy does not have", "";
    CONNECTION_LIMIT = "a limit of all connections (`globalDownstreamConnectionLimit`)", Yes, Yes, Ignored,
        "connections are taken as long as the system lets them in", "limit the connections of the listener in front of it";
    LOG_LEVELS = "levels of the proxy's own log (`sidecar.istio.io/logLevel`)", Yes, Yes, Ignored,
        "the proxy logs at the one level that it has", "";
    BUFFER_LIMIT = "a buffer limit of listeners", Yes, Yes, Ignored,
        "the proxy uses its own buffer sizes", "";
    HTTP_DRAIN_TIMEOUT = "a drain time of its own for each HTTP connection", Yes, Yes, Ignored,
        "connections end within the drain time of the proxy", "";
}

/// What all targets have, and differences that no object of a user asks for, so that nothing is said about them.
#[cfg(test)]
pub(crate) static COMMON: &[(&str, Support, Support, Support)] = &[
    ("HTTP/1.1, HTTP/2, gRPC, TCP, TLS by SNI", Yes, Yes, Yes),
    ("HTTP/1.0 and upgrades (`websocket`)", Yes, Yes, Yes),
    (
        "CONNECT, and WebSocket over HTTP/2 (RFC 8441) from clients",
        No("Istio offers neither"),
        No("Istio offers neither"),
        No("403, and not offered in SETTINGS"),
    ),
    (
        "WebSocket to upstreams that speak HTTP/2 only (`h2UpgradePolicy`, `http2-` ports)",
        Partly("where the upstream takes extended CONNECT, which Istio's sidecars do not"),
        Partly("where the upstream takes extended CONNECT, which Istio's sidecars do not"),
        No("501, so that nobody waits for a tunnel"),
    ),
    ("capture by REDIRECT, explicit ports, Unix domain sockets", Yes, Yes, Yes),
    ("Istio mTLS, STRICT and PERMISSIVE, between all targets", Yes, Yes, Yes),
    ("certificates of gateways and of DestinationRules, revocation lists", Yes, Yes, Yes),
    ("TLS 1.2 and 1.3", Yes, Yes, Yes),
    (
        "routes: matches, weights, rewrites, redirects, headers, direct responses, CORS, mirrors",
        Yes,
        Yes,
        Yes,
    ),
    ("timeouts, retries, retry budgets, faults", Yes, Yes, Yes),
    (
        "retries that callers ask for (`x-envoy-retry-on` and its kin)",
        Partly("of callers with an internal address"),
        Partly("of callers with an internal address"),
        No("the headers are taken out; only the route says what is retried"),
    ),
    ("AuthorizationPolicy, dry runs among them", Yes, Yes, Yes),
    ("RequestAuthentication with keys in the configuration", Yes, Yes, Yes),
    ("round robin, least request, random, ring hash, Maglev", Yes, Yes, Yes),
    ("outlier detection, circuit breakers, locality weights and failover", Yes, Yes, Yes),
    ("PROXY protocol on both sides", Yes, Yes, Yes),
    ("probes of the kubelet", Yes, Yes, Yes),
    ("access logs in Istio's text and JSON formats", Yes, Yes, Yes),
    (
        "`istio_requests_total` and Istio's other standard metrics",
        No("it has no filter for them"),
        Yes,
        Partly("peers by their SPIFFE ID where one workload has it; gRPC messages are not counted"),
    ),
    ("EnvoyFilter, WasmPlugin", No("not supported yet"), No("not supported yet"), No("not supported yet")),
    (
        "metadata exchange with peers",
        No("it has no filter for it"),
        Yes,
        No("the compiler tells the proxy who its peers are"),
    ),
];

#[cfg(test)]
mod page;
