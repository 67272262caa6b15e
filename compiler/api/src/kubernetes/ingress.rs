//! `Ingress` of `networking.k8s.io`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::null_default::null_default;

/// HTTP rules for traffic that enters the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ingress {
    /// Class, which says who acts on the object; absent may mean the annotation `kubernetes.io/ingress.class`.
    #[serde(default)]
    pub ingress_class_name: Option<String>,
    /// Where requests go that no rule takes.
    #[serde(default)]
    pub default_backend: Option<IngressBackend>,
    /// Hosts that are served with TLS.
    #[serde(default, deserialize_with = "null_default")]
    pub tls: Vec<IngressTls>,
    /// Rules by host.
    #[serde(default, deserialize_with = "null_default")]
    pub rules: Vec<IngressRule>,
}

/// Hosts that share a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IngressTls {
    /// The hosts; empty means all.
    #[serde(default, deserialize_with = "null_default")]
    pub hosts: Vec<String>,
    /// The Secret with the certificate and its key.
    #[serde(default)]
    pub secret_name: Option<String>,
}

/// Rules of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct IngressRule {
    /// The host, or `*.` and a suffix; absent means all hosts.
    #[serde(default)]
    pub host: Option<String>,
    /// Its paths.
    #[serde(default)]
    pub http: Option<HttpIngressRuleValue>,
}

/// Paths of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct HttpIngressRuleValue {
    /// The paths.
    #[serde(default, deserialize_with = "null_default")]
    pub paths: Vec<HttpIngressPath>,
}

/// One path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpIngressPath {
    /// The path; absent means `/`.
    #[serde(default)]
    pub path: Option<String>,
    /// How it is compared.
    #[serde(default, deserialize_with = "null_default")]
    pub path_type: PathType,
    /// Where its requests go.
    pub backend: IngressBackend,
}

/// How the path of a rule is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum PathType {
    /// The whole path.
    Exact,
    /// Leading segments.
    Prefix,
    /// As the controller likes; Istio takes it as a prefix, or as exact where it does not end in `*`.
    #[default]
    ImplementationSpecific,
}

/// Where requests go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct IngressBackend {
    /// A Service in the same namespace. Another kind of backend stays in the document.
    #[serde(default)]
    pub service: Option<IngressServiceBackend>,
}

/// A Service as backend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct IngressServiceBackend {
    /// Its name.
    pub name: String,
    /// Its port.
    #[serde(default, deserialize_with = "null_default")]
    pub port: ServiceBackendPort,
}

/// A port of a Service; exactly one is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ServiceBackendPort {
    /// By name.
    #[serde(default)]
    pub name: Option<String>,
    /// By number.
    #[serde(default)]
    pub number: Option<u16>,
}
