//! EnvoyFilter: changes of the generated Envoy configuration.

mod patch;
mod patch_match;

pub use patch::{ApplyTo, EnvoyConfigObjectPatch, FilterClass, Patch, PatchOperation};
pub use patch_match::{
    ClusterMatch, EnvoyConfigObjectMatch, FilterChainMatch, FilterMatch, ListenerMatch, PatchContext,
    ProxyMatch, RouteConfigurationMatch, RouteMatch, RouteMatchAction, SubFilterMatch, VirtualHostMatch,
    WaypointMatch, WaypointRouteMatch,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PolicyTargetReference, WorkloadSelector};
use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// Patches of the configuration that Istio generates. Objects apply by priority, then those of the root
/// namespace first, then by age and name; the patches of one object in the order written.
///
/// Source: `networking.istio.io`, EnvoyFilter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvoyFilter {
    /// Workloads of the namespace that the object is for. Default: all; in the root namespace, the whole
    /// mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_selector: Option<WorkloadSelector>,
    /// Objects that the patches are attached to. Not together with `workloadSelector`.
    #[schemars(length(max = 16))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub target_refs: Vec<PolicyTargetReference>,
    /// The patches.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub config_patches: Vec<EnvoyConfigObjectPatch>,
    /// Order among objects: smaller numbers, negative ones too, apply first. Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
}

impl Kind for EnvoyFilter {
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "EnvoyFilter";
    const PLURAL: &'static str = "envoyfilters";
    const VERSIONS: &'static [&'static str] = &["v1alpha3"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::envoy_filter::admit(object, report);
    }
}
