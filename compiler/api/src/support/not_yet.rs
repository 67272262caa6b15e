//! What no pass acts on yet. A line goes when a pass reads the field.

/// Kind and field, sorted; an empty field means the whole kind. The syntax of fields is that of
/// [`each`](super::each).
pub(super) const NOT_YET: &[(&str, &str)] = &[
    ("AuthorizationPolicy", "spec.targetRef"),
    ("AuthorizationPolicy", "spec.targetRefs"),
    ("EnvoyFilter", ""),
    ("MeshConfig", "extensionProviders[].envoyExtAuthzGrpc"),
    ("MeshConfig", "extensionProviders[].envoyExtAuthzHttp"),
    ("RequestAuthentication", "spec.targetRef"),
    ("RequestAuthentication", "spec.targetRefs"),
    ("Telemetry", ""),
    ("TrafficExtension", ""),
    ("WasmPlugin", ""),
];

/// Values of fields, sorted, that a pass itself reports where they count. They are listed for the table of fields alone.
#[cfg(test)]
pub(super) const TOLD_BY_A_PASS: &[(&str, &str)] = &[
    ("AuthorizationPolicy", "spec.action=CUSTOM"),
    ("RequestAuthentication", "spec.jwtRules[].presence=REQUIRED"),
];
