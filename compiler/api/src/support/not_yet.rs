//! What no pass acts on yet. A line goes when a pass reads the field.

/// Kind and field, sorted; an empty field means the whole kind. The syntax of fields is that of
/// [`each`](super::each).
pub(super) const NOT_YET: &[(&str, &str)] = &[
    ("AuthorizationPolicy", "spec.targetRef"),
    ("AuthorizationPolicy", "spec.targetRefs"),
    ("DestinationRule", "spec.subsets[].trafficPolicy.loadBalancer.backendUtilization"),
    ("DestinationRule", "spec.subsets[].trafficPolicy.portLevelSettings[].loadBalancer.backendUtilization"),
    ("DestinationRule", "spec.trafficPolicy.loadBalancer.backendUtilization"),
    ("DestinationRule", "spec.trafficPolicy.portLevelSettings[].loadBalancer.backendUtilization"),
    ("EnvoyFilter", ""),
    ("Ingress", ""),
    ("MeshConfig", "caCertificates"),
    ("MeshConfig", "defaultConfig.customConfigFile"),
    ("MeshConfig", "defaultConfig.envoyAccessLogService"),
    ("MeshConfig", "defaultConfig.envoyMetricsService"),
    ("MeshConfig", "defaultConfig.privateKeyProvider"),
    ("MeshConfig", "defaultConfig.proxyBootstrapTemplatePath"),
    ("MeshConfig", "defaultConfig.statsdUdpAddress"),
    ("MeshConfig", "defaultConfig.tracing"),
    ("MeshConfig", "discoverySelectors"),
    ("MeshConfig", "enableEnvoyAccessLogService"),
    ("MeshConfig", "serviceEntryVisibility"),
    ("MeshConfig", "serviceScopeConfigs"),
    ("ProxyConfig", ""),
    ("RequestAuthentication", "spec.targetRef"),
    ("RequestAuthentication", "spec.targetRefs"),
    ("Telemetry", ""),
    ("TrafficExtension", ""),
    ("WasmPlugin", ""),
    ("WorkloadGroup", ""),
];
