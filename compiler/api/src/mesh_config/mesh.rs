//! `MeshConfig` of `mesh.istio.io`: settings of the whole mesh.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AccessLogEncoding, CaCertificate, CertificateAuthority, ConfigSource, DefaultProviders, DnsCertificate,
    ExtensionProvider, PathNormalization, ProxyConfig, ServiceEntryVisibility, ServiceScopeConfigs,
    ServiceSettings, TlsConfig,
};
use crate::Duration;
use crate::istio::{
    ClientTlsSettings, ConnectionPoolSettings, HttpRetry, LocalityLoadBalancerSetting, OutlierDetection,
    TcpKeepalive, ZoneAwareLoadBalancerSetting,
};
use crate::kubernetes::LabelSelector;
use crate::null_default::{is_default, null_default};

/// Settings of the whole mesh. [`MeshConfig::defaults`] are those of a plain installation; a value read
/// from YAML alone has zero where the YAML says nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MeshConfig {
    /// Port that captured outbound traffic is redirected to. Istio: 15001.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub proxy_listen_port: i32,
    /// Port that captured inbound traffic is redirected to. Istio: 15006.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub proxy_inbound_listen_port: i32,
    /// Port of an explicit HTTP proxy for applications; 0 means none.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub proxy_http_port: i32,
    /// Time to set up a connection. Istio: 10 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<Duration>,
    /// Time without streams after which an HBONE connection is closed. Default: 1 h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hbone_idle_timeout: Option<Duration>,
    /// Time that a proxy waits for the first bytes of a connection; 0 means for ever. Istio: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_detection_timeout: Option<Duration>,
    /// Keepalive probes of upstream connections. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_keepalive: Option<TcpKeepalive>,
    /// Class of the Ingress objects that Istio acts on. Istio: `istio`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub ingress_class: String,
    /// Service of the gateway for Ingress objects. Istio: `istio-ingressgateway`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub ingress_service: String,
    /// Which Ingress objects Istio acts on. Istio: `STRICT`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub ingress_controller_mode: IngressControllerMode,
    /// Value of the label `istio` of the gateway for Ingress objects. Default: `ingressgateway`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub ingress_selector: String,
    /// Whether requests are traced, where a tracer is configured. Istio: yes.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub enable_tracing: bool,
    /// File of the access log (`/dev/stdout`); empty means none.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub access_log_file: String,
    /// Format of its lines; empty means the format of Istio.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub access_log_format: String,
    /// Text or JSON.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub access_log_encoding: AccessLogEncoding,
    /// Whether access logs go to `defaultConfig.envoyAccessLogService`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub enable_envoy_access_log_service: bool,
    /// Whether connections that no chain takes are not logged.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub disable_envoy_listener_log: bool,
    /// Settings of each proxy.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub default_config: ProxyConfig,
    /// What happens to traffic to unknown destinations. Istio: `ALLOW_ANY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_traffic_policy: Option<OutboundTrafficPolicy>,
    /// Where a proxy sends inbound traffic. Istio: `PASSTHROUGH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound_traffic_policy: Option<InboundTrafficPolicy>,
    /// Other sources of configuration for istiod. meshc reads the tree alone.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub config_sources: Vec<ConfigSource>,
    /// Whether clients use mutual TLS to workloads that have a proxy. Istio: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_auto_mtls: Option<bool>,
    /// First part of every SPIFFE identity. Istio: `cluster.local`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub trust_domain: String,
    /// Other trust domains that mean the same.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub trust_domain_aliases: Vec<String>,
    /// Additional trusted roots.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub ca_certificates: Vec<CaCertificate>,
    /// Visibility of Services and ServiceEntries that state none. Istio: `*`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub default_service_export_to: Vec<String>,
    /// Visibility of VirtualServices that state none. Istio: `*`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub default_virtual_service_export_to: Vec<String>,
    /// Visibility of DestinationRules that state none. Istio: `*`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub default_destination_rule_export_to: Vec<String>,
    /// Namespace whose objects hold for the whole mesh. Istio: `istio-system`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub root_namespace: String,
    /// Preference of near endpoints. Istio: enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality_lb_setting: Option<LocalityLoadBalancerSetting>,
    /// Preference of the own zone as far as it has room; wins over `locality_lb_setting`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting>,
    /// Time between look-ups of a name that failed. Istio: 60 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_refresh_rate: Option<Duration>,
    /// Whether HTTP/1.1 is carried over HTTP/2 between proxies.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub h2_upgrade_policy: H2UpgradePolicy,
    /// Pattern of statistic names of inbound clusters; empty means the cluster name.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub inbound_cluster_stat_name: String,
    /// Pattern of statistic names of outbound clusters; empty means the cluster name.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub outbound_cluster_stat_name: String,
    /// Not used by Istio any more.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub certificates: Vec<DnsCertificate>,
    /// Settings of services by host.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service_settings: Vec<ServiceSettings>,
    /// Which services are shared between clusters, for ambient.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service_scope_configs: Vec<ServiceScopeConfigs>,
    /// Whether the agent serves the metrics of application and proxy together. Istio: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_prometheus_merge: Option<bool>,
    /// Not used by Istio any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_certificate_at_client: Option<bool>,
    /// A certificate authority outside istiod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<CertificateAuthority>,
    /// Services that policies and telemetry refer to by name.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub extension_providers: Vec<ExtensionProvider>,
    /// Providers that are used where no Telemetry object says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_providers: Option<DefaultProviders>,
    /// Namespaces that exist for Istio, any of which must match; empty means all.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub discovery_selectors: Vec<LabelSelector>,
    /// How paths are normalised before they are matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_normalization: Option<PathNormalization>,
    /// Retries of routes that state none. Default: 2 attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_http_retry_policy: Option<HttpRetry>,
    /// Retries from the proxy to its own application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_inbound_http_retry_policy: Option<HttpRetry>,
    /// TLS parameters between proxies.
    #[serde(rename = "meshMTLS", skip_serializing_if = "Option::is_none")]
    pub mesh_mtls: Option<TlsConfig>,
    /// TLS parameters of all other TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_defaults: Option<TlsConfig>,
    /// What lies under every DestinationRule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_traffic_policy: Option<DefaultTrafficPolicy>,
    /// How far ServiceEntries may be seen at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_entry_visibility: Option<ServiceEntryVisibility>,
}

/// Whether HTTP/1.1 is carried over HTTP/2 between proxies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum H2UpgradePolicy {
    /// No.
    #[default]
    #[serde(rename = "DO_NOT_UPGRADE")]
    DoNotUpgrade,
    /// Yes.
    #[serde(rename = "UPGRADE")]
    Upgrade,
}

/// Which Ingress objects Istio acts on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum IngressControllerMode {
    /// As `STRICT`.
    #[default]
    #[serde(rename = "UNSPECIFIED")]
    Unspecified,
    /// None.
    #[serde(rename = "OFF")]
    Off,
    /// Those of the class, and those without a class.
    #[serde(rename = "DEFAULT")]
    Default,
    /// Those of the class.
    #[serde(rename = "STRICT")]
    Strict,
}

/// What happens to traffic to unknown destinations.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct OutboundTrafficPolicy {
    /// The choice.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub mode: OutboundTrafficPolicyMode,
    /// TLS to destinations that are resolved at run time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ClientTlsSettings>,
}

/// What happens to traffic to unknown destinations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum OutboundTrafficPolicyMode {
    /// It is refused.
    #[default]
    #[serde(rename = "REGISTRY_ONLY")]
    RegistryOnly,
    /// It goes where the application sent it.
    #[serde(rename = "ALLOW_ANY")]
    AllowAny,
    /// HTTP goes to the host that it names, looked up at run time; everything else as with `ALLOW_ANY`.
    #[serde(rename = "ALLOW_ANY_DYNAMIC_DNS")]
    AllowAnyDynamicDns,
}

/// Where a proxy sends inbound traffic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct InboundTrafficPolicy {
    /// The choice.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub mode: InboundTrafficPolicyMode,
}

/// Where a proxy sends inbound traffic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum InboundTrafficPolicyMode {
    /// To the address that it was sent to.
    #[default]
    #[serde(rename = "PASSTHROUGH")]
    Passthrough,
    /// To 127.0.0.1.
    #[serde(rename = "LOCALHOST")]
    Localhost,
}

/// What lies under every DestinationRule, block by block.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DefaultTrafficPolicy {
    /// Limits of connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_pool: Option<ConnectionPoolSettings>,
    /// Removal of failing endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlier_detection: Option<OutlierDetection>,
}
