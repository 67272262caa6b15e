//! `IngressClass` of `networking.k8s.io`.

use schemars::JsonSchema;
use serde::Deserialize;

/// Who acts on the Ingress objects of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct IngressClass {
    /// Name of the controller; Istio acts on `istio.io/ingress-controller`.
    #[serde(default)]
    pub controller: Option<String>,
}
