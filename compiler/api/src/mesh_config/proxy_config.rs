//! `ProxyConfig` of `mesh.istio.io`: settings of each proxy. `defaultConfig` of the mesh configuration, and
//! the annotation `proxy.istio.io/config` of a pod.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConnectionSettings, PrivateKeyProvider, ProxyHeaders, RemoteService, Tracing};
use crate::Duration;
use crate::istio::ReadinessProbe;
use crate::null_default::{is_default, null_default};

/// Settings of a proxy. Istio reads them at injection and once at the start of the proxy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyConfig {
    /// Folder of generated configuration. Istio: `./etc/istio/proxy`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub config_path: String,
    /// Path of the Envoy binary. Istio: `/usr/local/bin/envoy`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub binary_path: String,
    /// Value of `node.cluster`. Istio: `istio-proxy`; injection replaces it by `<app>.<namespace>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service_cluster: String,
    /// How the service is named in traces, in place of `service_cluster`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracing_service_name: Option<TracingServiceName>,
    /// Time that Envoy takes to close connections when a listener goes away. Istio: 45 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_duration: Option<Duration>,
    /// Time between the signal to stop and the stop. Istio: 5 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_drain_duration: Option<Duration>,
    /// Address of istiod. meshc has none at run time and ignores it.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub discovery_address: String,
    /// Not used by Istio any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_refresh_delay: Option<Duration>,
    /// Older form of `tracing.zipkin.address`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub zipkin_address: String,
    /// Address of a statsd server, `host:port`; empty means none.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub statsd_udp_address: String,
    /// Not used by Istio any more; see `envoy_metrics_service`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub envoy_metrics_service_address: String,
    /// Port of the admin interface on the loopback address. Istio: 15000.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub proxy_admin_port: i32,
    /// Not used by Istio any more; localities come from nodes.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub availability_zone: String,
    /// How a proxy talks to istiod. Istio: `MUTUAL_TLS`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub control_plane_auth_policy: AuthenticationPolicy,
    /// A bootstrap that replaces the generated one.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub custom_config_file: String,
    /// Not used by Envoy any more. Istio: 189.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub stat_name_length: i32,
    /// Worker threads of Envoy; 0 means one for each core. Default: from the CPU limit, else 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<i32>,
    /// Template of the bootstrap.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub proxy_bootstrap_template_path: String,
    /// How inbound traffic reaches the proxy.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub interception_mode: InboundInterceptionMode,
    /// Where traces go and what is in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracing: Option<Tracing>,
    /// Not used by Istio any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sds: Option<Sds>,
    /// A gRPC access log service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envoy_access_log_service: Option<RemoteService>,
    /// A gRPC metrics service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envoy_metrics_service: Option<RemoteService>,
    /// Environment variables of the proxy; those that start with `ISTIO_META_` become node metadata.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub proxy_metadata: BTreeMap<String, String>,
    /// Envoy runtime keys of the static layer.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub runtime_values: BTreeMap<String, String>,
    /// Port of the agent for health and merged metrics. Istio: 15020.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub status_port: i32,
    /// Names of additional tags that Envoy takes out of statistic names.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub extra_stat_tags: Vec<String>,
    /// What stands before the gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_topology: Option<Topology>,
    /// Identifier of the mesh in telemetry. Default: the trust domain.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub mesh_id: String,
    /// Health check of a workload outside Kubernetes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_probe: Option<ReadinessProbe>,
    /// Envoy statistics to keep beside those that Istio keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_stats_matcher: Option<ProxyStatsMatcher>,
    /// Whether the containers of the application wait for the proxy. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_application_until_proxy_starts: Option<bool>,
    /// Additional trusted roots, PEM.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub ca_certificates_pem: Vec<String>,
    /// Flavour of the proxy image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ProxyImage>,
    /// Hardware that does private key operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key_provider: Option<PrivateKeyProvider>,
    /// Headers that the proxy adds, changes or removes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_headers: Option<ProxyHeaders>,
    /// Longest time that an access log line waits in memory. Default: 1 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_flush_interval: Option<Duration>,
    /// Size at which access log lines are written out, KiB. Default: 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_flush_min_size_kb: Option<u32>,
    /// Whether the statistics endpoint compresses. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats_compression: Option<bool>,
    /// Limits and timeouts of connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_settings: Option<ConnectionSettings>,
}

/// How a service is named in traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum TracingServiceName {
    /// `<label app>.<namespace>`, the default.
    #[serde(rename = "APP_LABEL_AND_NAMESPACE")]
    AppLabelAndNamespace,
    /// The canonical name.
    #[serde(rename = "CANONICAL_NAME_ONLY")]
    CanonicalNameOnly,
    /// `<canonical name>.<namespace>`.
    #[serde(rename = "CANONICAL_NAME_AND_NAMESPACE")]
    CanonicalNameAndNamespace,
}

/// How a proxy talks to istiod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum AuthenticationPolicy {
    /// Without TLS.
    #[default]
    #[serde(rename = "NONE")]
    None,
    /// With mutual TLS.
    #[serde(rename = "MUTUAL_TLS")]
    MutualTls,
    /// As the mesh says.
    #[serde(rename = "INHERIT")]
    Inherit,
}

/// How inbound traffic reaches the proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum InboundInterceptionMode {
    /// By iptables REDIRECT; the application sees the proxy as client address.
    #[default]
    #[serde(rename = "REDIRECT")]
    Redirect,
    /// By iptables TPROXY, which keeps the client address.
    #[serde(rename = "TPROXY")]
    Tproxy,
    /// Not at all: the proxy listens on the ports itself.
    #[serde(rename = "NONE")]
    None,
}

/// Not used by Istio any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Sds {
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub enabled: bool,
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub k8s_sa_jwt_path: String,
}

/// What stands before the gateways.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Topology {
    /// Proxies before the gateway whose `X-Forwarded-For` is trusted.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub num_trusted_proxies: u32,
    /// What happens to `X-Forwarded-Client-Cert`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub forward_client_cert_details: ForwardClientCertDetails,
    /// Present: connections start with the PROXY protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_protocol: Option<ProxyProtocolConfiguration>,
}

/// The PROXY protocol before a gateway has no settings.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct ProxyProtocolConfiguration {}

/// What happens to the header `X-Forwarded-Client-Cert`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum ForwardClientCertDetails {
    /// As Istio does by default: `SANITIZE_SET` on gateways, `APPEND_FORWARD` in sidecars.
    #[default]
    #[serde(rename = "UNDEFINED")]
    Undefined,
    /// It is removed.
    #[serde(rename = "SANITIZE")]
    Sanitize,
    /// It is kept when the connection is mutual TLS.
    #[serde(rename = "FORWARD_ONLY")]
    ForwardOnly,
    /// The certificate of the client is added to it when the connection is mutual TLS.
    #[serde(rename = "APPEND_FORWARD")]
    AppendForward,
    /// It is replaced by the certificate of the client when the connection is mutual TLS.
    #[serde(rename = "SANITIZE_SET")]
    SanitizeSet,
    /// It is kept.
    #[serde(rename = "ALWAYS_FORWARD_ONLY")]
    AlwaysForwardOnly,
}

/// Envoy statistics to keep.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyStatsMatcher {
    /// Leading parts of names.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub inclusion_prefixes: Vec<String>,
    /// Trailing parts of names.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub inclusion_suffixes: Vec<String>,
    /// RE2 expressions of whole names.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub inclusion_regexps: Vec<String>,
}

/// Flavour of the proxy image.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyImage {
    /// Suffix of the tag (`default`, `debug`, `distroless`).
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub image_type: String,
}
