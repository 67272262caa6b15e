//! ProxyConfig: settings of the proxy process itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PolicySelector;
use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// Settings of the proxies of some workloads, laid over `defaultConfig` of the mesh. They are fixed when a
/// pod starts.
///
/// Source: `networking.istio.io`, ProxyConfig.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyConfig {
    /// Workloads of the namespace that the object is for. Default: all; in the root namespace, the whole
    /// mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<PolicySelector>,
    /// Worker threads. 0 means one a core. Default: from the CPU limit of the container.
    #[schemars(range(min = 0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<i32>,
    /// Environment variables of the proxy container. Those that start with `ISTIO_META_` become node
    /// metadata.
    #[schemars(extend("additionalProperties" = { "type": "string", "maxLength": 2048 }))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub environment_variables: BTreeMap<String, String>,
    /// Image of the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ProxyImage>,
}

impl Kind for ProxyConfig {
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "ProxyConfig";
    const PLURAL: &'static str = "proxyconfigs";
    const VERSIONS: &'static [&'static str] = &["v1beta1"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::proxy_config::admit(object, report);
    }
}

/// Image of the proxy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyImage {
    /// `default`, `debug` or `distroless`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_type: Option<String>,
}
