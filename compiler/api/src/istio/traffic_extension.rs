//! TrafficExtension: WebAssembly or Lua in the filter chain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    FailStrategy, PluginType, PolicySelector, PolicyTargetReference, PullPolicy, TrafficSelector, VmConfig,
};
use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// A WebAssembly or Lua filter. Exactly one of `wasm` and `lua`.
///
/// Source: `extensions.istio.io`, TrafficExtension.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrafficExtension {
    /// Workloads of the namespace that the object is for. Default: all; in the root namespace, the whole
    /// mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<PolicySelector>,
    /// Objects that the extension is attached to. Not together with `selector`.
    #[schemars(length(max = 16))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub target_refs: Vec<PolicyTargetReference>,
    /// Place in the filter chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<ExecutionPhase>,
    /// Order in the phase: larger numbers come first. Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Traffic that the extension is for: one of the entries. Default: all.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub r#match: Vec<TrafficSelector>,
    /// A WebAssembly module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wasm: Option<WasmConfig>,
    /// A Lua script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lua: Option<LuaConfig>,
}

impl Kind for TrafficExtension {
    const GROUP: &'static str = "extensions.istio.io";
    const KIND: &'static str = "TrafficExtension";
    const PLURAL: &'static str = "trafficextensions";
    const VERSIONS: &'static [&'static str] = &["v1alpha1"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::traffic_extension::admit(object, report);
    }
}

/// Places in the filter chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum ExecutionPhase {
    /// At the end, before the router.
    #[serde(rename = "UNSPECIFIED")]
    Unspecified,
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

/// A Lua script.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["inlineCode"]))]
pub struct LuaConfig {
    /// Text of the script, at most 64 KiB.
    #[schemars(required, length(min = 1, max = 65536))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_code: Option<String>,
}

/// A WebAssembly module, with the fields of a WasmPlugin.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["url"]))]
pub struct WasmConfig {
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
    /// What happens where the module fails. Default: `FAIL_CLOSE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_strategy: Option<FailStrategy>,
    /// Settings of the virtual machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm_config: Option<VmConfig>,
    /// HTTP or network filter. Default: `HTTP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<PluginType>,
}
