//! What has no effect and never will, with the reason.

const NOT_IN_ISTIO: &str = "Istio does not use the field any more";
const NEVER_IN_ISTIO: &str = "Istio has the field, but no implementation of it";
const NO_CONTROL_PLANE: &str = "the field configures istiod, which meshc replaces";
const NO_REGISTRATION: &str =
    "machines register with istiod by it; without istiod, write a WorkloadEntry for each machine";
const INJECTED_PATHS: &str = "the injected pod has paths of its own";
const NO_TRACER: &str = "Envoy has no tracer for it any more; use `opentelemetry`";
const NO_TEMPLATE: &str = "the bootstrap is compiled, and no agent of Istio fills in another one";
const ROOTS_OF_MESH: &str =
    "proxies trust the roots that are delivered with their certificates; add the certificate to those";
const NO_ACCELERATOR: &str =
    "keys are used as they are in their files; only Envoy's contrib builds have accelerators";
const NO_FLUSH_SIZE: &str =
    "older Envoys do not start with the flag, so lines are written at 64 KiB or after `fileFlushInterval`";
const NO_HBONE: &str = "no proxy sends HBONE";
const ONE_CLUSTER: &str = "a tree is one cluster, so every endpoint of it is in the cluster of its clients";
const NO_SCOPE: &str = "services have a scope in ambient mode alone";
const NATIVE_SIDECAR: &str = "the proxy always starts before the containers of the application";

/// Kind, field and reason, sorted; an empty field means the whole kind. The syntax of fields is that of
/// [`each`](super::each).
pub(super) const IGNORED: &[(&str, &str, &str)] = &[
    ("DestinationRule", "spec.subsets[].trafficPolicy.loadBalancer.backendUtilization", NEVER_IN_ISTIO),
    ("DestinationRule", "spec.subsets[].trafficPolicy.outlierDetection.consecutiveErrors", NOT_IN_ISTIO),
    (
        "DestinationRule",
        "spec.subsets[].trafficPolicy.portLevelSettings[].loadBalancer.backendUtilization",
        NEVER_IN_ISTIO,
    ),
    (
        "DestinationRule",
        "spec.subsets[].trafficPolicy.portLevelSettings[].outlierDetection.consecutiveErrors",
        NOT_IN_ISTIO,
    ),
    ("DestinationRule", "spec.trafficPolicy.loadBalancer.backendUtilization", NEVER_IN_ISTIO),
    ("DestinationRule", "spec.trafficPolicy.outlierDetection.consecutiveErrors", NOT_IN_ISTIO),
    (
        "DestinationRule",
        "spec.trafficPolicy.portLevelSettings[].loadBalancer.backendUtilization",
        NEVER_IN_ISTIO,
    ),
    (
        "DestinationRule",
        "spec.trafficPolicy.portLevelSettings[].outlierDetection.consecutiveErrors",
        NOT_IN_ISTIO,
    ),
    ("Gateway", "spec.servers[].defaultEndpoint", NEVER_IN_ISTIO),
    ("Gateway", "spec.servers[].port.targetPort", NOT_IN_ISTIO),
    ("MeshConfig", "ca", NO_CONTROL_PLANE),
    ("MeshConfig", "caCertificates[].certSigners", NO_CONTROL_PLANE),
    ("MeshConfig", "caCertificates[].pem", ROOTS_OF_MESH),
    ("MeshConfig", "caCertificates[].spiffeBundleUrl", ROOTS_OF_MESH),
    ("MeshConfig", "certificates", NOT_IN_ISTIO),
    ("MeshConfig", "configSources", NO_CONTROL_PLANE),
    ("MeshConfig", "defaultConfig.availabilityZone", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.binaryPath", INJECTED_PATHS),
    ("MeshConfig", "defaultConfig.caCertificatesPem", ROOTS_OF_MESH),
    ("MeshConfig", "defaultConfig.configPath", INJECTED_PATHS),
    ("MeshConfig", "defaultConfig.connectionSettings.clusterPerConnectionBufferLimitBytes", NEVER_IN_ISTIO),
    ("MeshConfig", "defaultConfig.connectionSettings.listenerConnectionLimit", NEVER_IN_ISTIO),
    ("MeshConfig", "defaultConfig.controlPlaneAuthPolicy", NO_CONTROL_PLANE),
    ("MeshConfig", "defaultConfig.customConfigFile", NO_TEMPLATE),
    ("MeshConfig", "defaultConfig.discoveryAddress", NO_CONTROL_PLANE),
    ("MeshConfig", "defaultConfig.discoveryRefreshDelay", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.envoyMetricsServiceAddress", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.fileFlushMinSizeKb", NO_FLUSH_SIZE),
    ("MeshConfig", "defaultConfig.holdApplicationUntilProxyStarts", NATIVE_SIDECAR),
    ("MeshConfig", "defaultConfig.privateKeyProvider", NO_ACCELERATOR),
    ("MeshConfig", "defaultConfig.proxyBootstrapTemplatePath", NO_TEMPLATE),
    ("MeshConfig", "defaultConfig.readinessProbe", NO_REGISTRATION),
    ("MeshConfig", "defaultConfig.sds", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.statNameLength", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.tracing.lightstep", NO_TRACER),
    ("MeshConfig", "defaultConfig.tracing.openCensusAgent", NO_TRACER),
    ("MeshConfig", "defaultConfig.tracing.stackdriver", NO_TRACER),
    ("MeshConfig", "extensionProviders[].lightstep", NO_TRACER),
    ("MeshConfig", "extensionProviders[].opencensus", NO_TRACER),
    ("MeshConfig", "extensionProviders[].sds", NEVER_IN_ISTIO),
    ("MeshConfig", "extensionProviders[].skywalking.accessToken", NEVER_IN_ISTIO),
    ("MeshConfig", "extensionProviders[].stackdriver", NO_TRACER),
    ("MeshConfig", "hboneIdleTimeout", NO_HBONE),
    ("MeshConfig", "serviceScopeConfigs", NO_SCOPE),
    ("MeshConfig", "serviceSettings", ONE_CLUSTER),
    ("MeshConfig", "verifyCertificateAtClient", NOT_IN_ISTIO),
    ("Sidecar", "spec.egress[].port.targetPort", NOT_IN_ISTIO),
    ("Sidecar", "spec.ingress[].port.targetPort", NOT_IN_ISTIO),
    ("VirtualService", "spec.http[].fault.abort.http2Error", NEVER_IN_ISTIO),
    ("VirtualService", "spec.http[].fault.delay.exponentialDelay", NEVER_IN_ISTIO),
    ("VirtualService", "spec.tcp[].match[].sourceSubnet", NEVER_IN_ISTIO),
    ("WorkloadGroup", "", NO_REGISTRATION),
];
