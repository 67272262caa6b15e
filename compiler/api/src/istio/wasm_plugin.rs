//! WasmPlugin: a WebAssembly module in the filter chain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{PolicySelector, PolicyTargetReference};
use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// A WebAssembly filter.
///
/// Source: `extensions.istio.io`, WasmPlugin.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["url"]))]
pub struct WasmPlugin {
    /// Workloads of the namespace that the object is for. Default: all; in the root namespace, the whole
    /// mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<PolicySelector>,
    /// One object that the plugin is attached to; superseded by `targetRefs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<PolicyTargetReference>,
    /// Objects that the plugin is attached to. Not together with `selector`.
    #[schemars(length(max = 16))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub target_refs: Vec<PolicyTargetReference>,
    /// Where the module comes from: `oci://` (the default), `http://`, `https://` or `file://`.
    #[schemars(required, length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// SHA-256 of the module or of the image, in hex.
    #[schemars(regex(pattern = "(^$|^[a-f0-9]{64}$)"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// When an image is pulled again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<PullPolicy>,
    /// Secret with the registry's credentials, in the namespace of the object.
    #[schemars(length(min = 1, max = 253))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_pull_secret: Option<String>,
    /// Not read by Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_key: Option<String>,
    /// Configuration that the module gets.
    #[schemars(extend("type" = "object"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin_config: Option<Value>,
    /// Name of the plugin in the module, if it holds several.
    #[schemars(length(min = 1, max = 256))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin_name: Option<String>,
    /// Place in the filter chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<WasmPhase>,
    /// Order in the phase: larger numbers come first. Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// What happens where the module fails. Default: `FAIL_CLOSE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_strategy: Option<FailStrategy>,
    /// Settings of the virtual machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm_config: Option<VmConfig>,
    /// Traffic that the plugin is for: one of the entries. Default: all.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub r#match: Vec<TrafficSelector>,
    /// HTTP or network filter. Default: `HTTP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<PluginType>,
}

impl Kind for WasmPlugin {
    const GROUP: &'static str = "extensions.istio.io";
    const KIND: &'static str = "WasmPlugin";
    const PLURAL: &'static str = "wasmplugins";
    const VERSIONS: &'static [&'static str] = &["v1alpha1"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::wasm_plugin::admit(object, report);
    }
}

/// Places in the filter chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum WasmPhase {
    /// At the end, before the router.
    #[serde(rename = "UNSPECIFIED_PHASE")]
    UnspecifiedPhase,
    /// Before authentication.
    #[serde(rename = "AUTHN")]
    Authn,
    /// Before authorization.
    #[serde(rename = "AUTHZ")]
    Authz,
    /// Before statistics.
    #[serde(rename = "STATS")]
    Stats,
}

/// When an image is pulled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum PullPolicy {
    /// `Always` for the tag `latest`, else `IfNotPresent`.
    #[serde(rename = "UNSPECIFIED_POLICY")]
    UnspecifiedPolicy,
    /// Only if it is missing.
    #[serde(rename = "IfNotPresent")]
    IfNotPresent,
    /// Whenever the plugin changes.
    #[serde(rename = "Always")]
    Always,
}

/// What happens where a module fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum FailStrategy {
    /// Requests are answered with an error.
    #[serde(rename = "FAIL_CLOSE")]
    FailClose,
    /// Requests pass as if there were no plugin.
    #[serde(rename = "FAIL_OPEN")]
    FailOpen,
    /// The module is loaded anew.
    #[serde(rename = "FAIL_RELOAD")]
    FailReload,
}

/// Kinds of filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum PluginType {
    /// HTTP.
    #[serde(rename = "UNSPECIFIED_PLUGIN_TYPE")]
    UnspecifiedPluginType,
    /// An HTTP filter.
    #[serde(rename = "HTTP")]
    Http,
    /// A network filter.
    #[serde(rename = "NETWORK")]
    Network,
}

/// Settings of the virtual machine.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VmConfig {
    /// Environment variables that the module sees.
    #[schemars(length(max = 256))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<WasmEnvVar>,
}

/// An environment variable of a module.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["name"]))]
pub struct WasmEnvVar {
    /// Name of the variable, unique in the plugin.
    #[schemars(required, length(min = 1, max = 256))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the value comes from. Default: `INLINE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvValueSource>,
    /// The value, for `INLINE`.
    #[schemars(length(max = 2048))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Where the value of a variable comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum EnvValueSource {
    /// It is written here.
    #[serde(rename = "INLINE")]
    Inline,
    /// It is the variable of the proxy.
    #[serde(rename = "HOST")]
    Host,
}

/// Traffic by direction and port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrafficSelector {
    /// Direction. Default: either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<TrafficSelectorMode>,
    /// Ports of which one has to match. Empty means all.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<TrafficPort>,
}

/// Direction of the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum TrafficSelectorMode {
    /// Either.
    #[serde(rename = "UNDEFINED")]
    Undefined,
    /// The workload calls.
    #[serde(rename = "CLIENT")]
    Client,
    /// The workload is called.
    #[serde(rename = "SERVER")]
    Server,
    /// Either.
    #[serde(rename = "CLIENT_AND_SERVER")]
    ClientAndServer,
}

/// A port number.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["number"]))]
pub struct TrafficPort {
    /// The number, 1 to 65535.
    #[schemars(required, range(min = 1, max = 65535))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
}
