//! One patch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::EnvoyConfigObjectMatch;

/// One patch: what is changed, where, and how.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvoyConfigObjectPatch {
    /// Kind of Envoy object that is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_to: Option<ApplyTo>,
    /// Which objects of the kind. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#match: Option<EnvoyConfigObjectMatch>,
    /// The change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
}

/// Kinds of Envoy objects that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum ApplyTo {
    /// Not a kind.
    #[serde(rename = "INVALID")]
    Invalid,
    /// A listener.
    #[serde(rename = "LISTENER")]
    Listener,
    /// A filter chain of a listener.
    #[serde(rename = "FILTER_CHAIN")]
    FilterChain,
    /// A network filter of a filter chain.
    #[serde(rename = "NETWORK_FILTER")]
    NetworkFilter,
    /// An HTTP filter of a connection manager.
    #[serde(rename = "HTTP_FILTER")]
    HttpFilter,
    /// A route table.
    #[serde(rename = "ROUTE_CONFIGURATION")]
    RouteConfiguration,
    /// A virtual host of a route table.
    #[serde(rename = "VIRTUAL_HOST")]
    VirtualHost,
    /// A route of a virtual host.
    #[serde(rename = "HTTP_ROUTE")]
    HttpRoute,
    /// A cluster.
    #[serde(rename = "CLUSTER")]
    Cluster,
    /// An extension that HTTP filters refer to.
    #[serde(rename = "EXTENSION_CONFIG")]
    ExtensionConfig,
    /// The bootstrap of the proxy.
    #[serde(rename = "BOOTSTRAP")]
    Bootstrap,
    /// A listener filter.
    #[serde(rename = "LISTENER_FILTER")]
    ListenerFilter,
}

/// A change.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Patch {
    /// What is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<PatchOperation>,
    /// The Envoy object or the part of it that is merged, added or put in; protobuf JSON with Envoy's field
    /// names.
    #[schemars(extend("type" = "object"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Class among Istio's own filters before which an added filter goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_class: Option<FilterClass>,
}

/// What a patch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum PatchOperation {
    /// Not an operation.
    #[serde(rename = "INVALID")]
    Invalid,
    /// Merge the value into the object as protobuf does: lists are appended.
    #[serde(rename = "MERGE")]
    Merge,
    /// Add the value to the list of objects.
    #[serde(rename = "ADD")]
    Add,
    /// Take the object out.
    #[serde(rename = "REMOVE")]
    Remove,
    /// Put the value in before the matched object.
    #[serde(rename = "INSERT_BEFORE")]
    InsertBefore,
    /// Put the value in after the matched object.
    #[serde(rename = "INSERT_AFTER")]
    InsertAfter,
    /// Put the value in first.
    #[serde(rename = "INSERT_FIRST")]
    InsertFirst,
    /// Put the value in place of the matched object.
    #[serde(rename = "REPLACE")]
    Replace,
    /// As merge, but lists of the value take the place of the object's.
    #[serde(rename = "MERGE_AND_REPLACE_LIST")]
    MergeAndReplaceList,
}

/// Classes of Istio's filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum FilterClass {
    /// Where the operation says.
    #[serde(rename = "UNSPECIFIED")]
    Unspecified,
    /// After the authentication filters.
    #[serde(rename = "AUTHN")]
    Authn,
    /// After the authorization filters.
    #[serde(rename = "AUTHZ")]
    Authz,
    /// Before the statistics filters.
    #[serde(rename = "STATS")]
    Stats,
}
