//! The mesh configuration of an installation that configures nothing.

use super::{
    AuthenticationPolicy, DefaultProviders, EnvoyFileAccessLogProvider, ExtensionProvider,
    InboundTrafficPolicy, IngressControllerMode, MeshConfig, OutboundTrafficPolicy,
    OutboundTrafficPolicyMode, PrometheusProvider, ProxyConfig, StackdriverProvider,
};
use crate::Duration;
use crate::istio::LocalityLoadBalancerSetting;

impl MeshConfig {
    /// What istiod runs with when Istio's chart is installed without values: [`MeshConfig::built_in`] and metrics for
    /// Prometheus.
    #[must_use]
    pub fn defaults() -> Self {
        let metrics = vec!["prometheus".to_owned()];
        Self {
            default_providers: Some(DefaultProviders { metrics, ..DefaultProviders::default() }),
            ..Self::built_in()
        }
    }

    /// What istiod has before it reads any configuration.
    #[must_use]
    pub fn built_in() -> Self {
        let everybody = || vec!["*".to_owned()];
        Self {
            proxy_listen_port: 15001,
            proxy_inbound_listen_port: 15006,
            connect_timeout: Some(Duration::from_secs(10)),
            protocol_detection_timeout: Some(Duration::ZERO),
            ingress_class: "istio".to_owned(),
            ingress_service: "istio-ingressgateway".to_owned(),
            ingress_controller_mode: IngressControllerMode::Strict,
            enable_tracing: true,
            default_config: ProxyConfig::built_in(),
            outbound_traffic_policy: Some(OutboundTrafficPolicy {
                mode: OutboundTrafficPolicyMode::AllowAny,
                ..OutboundTrafficPolicy::default()
            }),
            inbound_traffic_policy: Some(InboundTrafficPolicy::default()),
            enable_auto_mtls: Some(true),
            trust_domain: "cluster.local".to_owned(),
            default_service_export_to: everybody(),
            default_virtual_service_export_to: everybody(),
            default_destination_rule_export_to: everybody(),
            root_namespace: "istio-system".to_owned(),
            locality_lb_setting: Some(LocalityLoadBalancerSetting {
                enabled: Some(true),
                ..LocalityLoadBalancerSetting::default()
            }),
            dns_refresh_rate: Some(Duration::from_secs(60)),
            enable_prometheus_merge: Some(true),
            extension_providers: extension_providers(),
            default_providers: Some(DefaultProviders::default()),
            ..Self::default()
        }
    }
}

impl ProxyConfig {
    /// What istiod has for every proxy before it reads any configuration.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            config_path: "./etc/istio/proxy".to_owned(),
            binary_path: "/usr/local/bin/envoy".to_owned(),
            service_cluster: "istio-proxy".to_owned(),
            drain_duration: Some(Duration::from_secs(45)),
            termination_drain_duration: Some(Duration::from_secs(5)),
            discovery_address: "istiod.istio-system.svc:15012".to_owned(),
            proxy_admin_port: 15000,
            control_plane_auth_policy: AuthenticationPolicy::MutualTls,
            stat_name_length: 189,
            status_port: 15020,
            ..Self::default()
        }
    }
}

fn extension_providers() -> Vec<ExtensionProvider> {
    let log = EnvoyFileAccessLogProvider {
        path: "/dev/stdout".to_owned(),
        ..EnvoyFileAccessLogProvider::default()
    };
    let named = |name: &str| ExtensionProvider { name: name.to_owned(), ..ExtensionProvider::default() };
    vec![
        ExtensionProvider { prometheus: Some(PrometheusProvider {}), ..named("prometheus") },
        ExtensionProvider { stackdriver: Some(StackdriverProvider::default()), ..named("stackdriver") },
        ExtensionProvider { envoy_file_access_log: Some(log), ..named("envoy") },
    ]
}
