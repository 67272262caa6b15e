//! What has no effect and never will, with the reason.

const NOT_IN_ISTIO: &str = "Istio does not use the field any more";
const NO_CONTROL_PLANE: &str = "the field configures istiod, which meshc replaces";

/// Kind, field and reason, sorted. The syntax of fields is that of [`each`](super::each).
pub(super) const IGNORED: &[(&str, &str, &str)] = &[
    ("MeshConfig", "ca", NO_CONTROL_PLANE),
    ("MeshConfig", "certificates", NOT_IN_ISTIO),
    ("MeshConfig", "configSources", NO_CONTROL_PLANE),
    ("MeshConfig", "defaultConfig.availabilityZone", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.discoveryRefreshDelay", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.envoyMetricsServiceAddress", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.sds", NOT_IN_ISTIO),
    ("MeshConfig", "defaultConfig.statNameLength", NOT_IN_ISTIO),
    ("MeshConfig", "verifyCertificateAtClient", NOT_IN_ISTIO),
];
