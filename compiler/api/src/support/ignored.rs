//! What has no effect and never will, with the reason.

const NOT_IN_ISTIO: &str = "Istio does not use the field any more";
const NEVER_IN_ISTIO: &str = "Istio has the field, but no implementation of it";
const NO_CONTROL_PLANE: &str = "the field configures istiod, which meshc replaces";
const NO_REGISTRATION: &str =
    "machines register with istiod by it; without istiod, write a WorkloadEntry for each machine";
const INJECTED_PATHS: &str = "the injected pod has paths of its own";
const NATIVE_SIDECAR: &str = "the proxy always starts before the containers of the application";

/// Kind, field and reason, sorted; an empty field means the whole kind. The syntax of fields is that of
/// [`each`](super::each).
pub(super) const IGNORED: &[(&str, &str, &str)] = &[
    ("DestinationRule", "spec.subsets[].trafficPolicy.outlierDetection.consecutiveErrors", NOT_IN_ISTIO),
    (
        "DestinationRule",
        "spec.subsets[].trafficPolicy.portLevelSettings[].outlierDetection.consecutiveErrors",
        NOT_IN_ISTIO,
    ),
    ("DestinationRule", "spec.trafficPolicy.outlierDetection.consecutiveErrors", NOT_IN_ISTIO),
    (
        "DestinationRule",
        "spec.trafficPolicy.portLevelSettings[].outlierDetection.consecutiveErrors",
        NOT_IN_ISTIO,
    ),
    ("Gateway", "spec.servers[].defaultEndpoint", NEVER_IN_ISTIO),
    ("Gateway", "spec.servers[].port.targetPort", NOT_IN_ISTIO),
    ("MeshConfig", "ca", NO_CONTROL_PLANE),
    ("MeshConfig", "certificates", NOT_IN_ISTIO),
    ("MeshConfig", "configSources", NO_CONTROL_PLANE),
    ("MeshConfig", "defaultConfig.availabilityZone", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.binaryPath", INJECTED_PATHS),
    ("MeshConfig", "defaultConfig.configPath", INJECTED_PATHS),
    ("MeshConfig", "defaultConfig.controlPlaneAuthPolicy", NO_CONTROL_PLANE),
    ("MeshConfig", "defaultConfig.discoveryAddress", NO_CONTROL_PLANE),
    ("MeshConfig", "defaultConfig.discoveryRefreshDelay", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.envoyMetricsServiceAddress", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.holdApplicationUntilProxyStarts", NATIVE_SIDECAR),
    ("MeshConfig", "defaultConfig.readinessProbe", NO_REGISTRATION),
    ("MeshConfig", "defaultConfig.sds", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.statNameLength", NOT_IN_ISTIO),
    ("MeshConfig", "verifyCertificateAtClient", NOT_IN_ISTIO),
    ("Sidecar", "spec.egress[].port.targetPort", NOT_IN_ISTIO),
    ("Sidecar", "spec.ingress[].port.targetPort", NOT_IN_ISTIO),
    ("VirtualService", "spec.http[].fault.abort.http2Error", NEVER_IN_ISTIO),
    ("VirtualService", "spec.http[].fault.delay.exponentialDelay", NEVER_IN_ISTIO),
    ("VirtualService", "spec.tcp[].match[].sourceSubnet", NEVER_IN_ISTIO),
    ("WorkloadGroup", "", NO_REGISTRATION),
];
