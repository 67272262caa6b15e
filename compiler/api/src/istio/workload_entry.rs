//! WorkloadEntry: one endpoint that is not a pod.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// An endpoint that is not a pod, as a virtual machine. Also the form of the endpoints inside a ServiceEntry
/// and of the template of a WorkloadGroup.
///
/// Source: `networking.istio.io`, WorkloadEntry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadEntry {
    /// IP address, DNS name (only for services that resolve by DNS) or `unix:///path`. May be missing where
    /// `network` is given.
    #[schemars(length(max = 256))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Port number by name of the service port. Default: the target port or number of the service.
    #[schemars(extend("maxProperties" = 128))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub ports: BTreeMap<String, u32>,
    /// Labels by which services and policies select the endpoint; those of the object's metadata count too
    /// and win.
    #[schemars(extend("maxProperties" = 256))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Network that the endpoint is in; from other networks it is reached through a gateway.
    #[schemars(length(max = 2048))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Place as `region/zone/subzone`. Default: that of the client, as far as preference goes.
    #[schemars(length(max = 2048))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// Share of the traffic relative to the other endpoints. Default: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Service account of the workload in the object's namespace, from which its identity is made. Also says
    /// that the workload takes mutual TLS.
    #[schemars(length(max = 253))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
}

impl Kind for WorkloadEntry {
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "WorkloadEntry";
    const PLURAL: &'static str = "workloadentries";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::workload_entry::admit(object, report);
    }
}
