//! Pod templates: the part of a workload object that says what its pods are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Container, ObjectMeta, Volume};
use crate::null_default::null_default;

/// Template of the pods of a workload.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
pub struct PodTemplateSpec {
    /// Labels and annotations of the pods; the name is ignored by Kubernetes.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// What runs in the pods.
    pub spec: PodSpec,
}

/// What runs in a pod, as far as meshc reads it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec {
    /// Containers that run side by side.
    #[serde(default, deserialize_with = "null_default")]
    pub containers: Vec<Container>,
    /// Containers that run before the others, one after the other; those with `restartPolicy: Always` are sidecars
    /// and keep running.
    #[serde(default, deserialize_with = "null_default")]
    pub init_containers: Vec<Container>,
    /// Volumes that containers mount.
    #[serde(default, deserialize_with = "null_default")]
    pub volumes: Vec<Volume>,
    /// Service account, and with it the SPIFFE identity; absent means `default`.
    #[serde(default)]
    pub service_account_name: Option<String>,
    /// Older name of `service_account_name`; that one wins.
    #[serde(default)]
    pub service_account: Option<String>,
    /// Whether the token of the service account is mounted; absent means as the account says, then true.
    #[serde(default)]
    pub automount_service_account_token: Option<bool>,
    /// Whether the pod shares the network of its node. Istio puts no sidecar in such a pod.
    #[serde(default, deserialize_with = "null_default")]
    pub host_network: bool,
    /// Whether the containers see each other's processes.
    #[serde(default)]
    pub share_process_namespace: Option<bool>,
    /// Labels that the node of the pod must have.
    #[serde(default, deserialize_with = "null_default")]
    pub node_selector: BTreeMap<String, String>,
    /// Node of the pod, where it is stated.
    #[serde(default)]
    pub node_name: Option<String>,
    /// Host name inside the pod.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Name of the headless Service that gives the pod a DNS name.
    #[serde(default)]
    pub subdomain: Option<String>,
    /// Where the pod's resolver asks; absent means `ClusterFirst`.
    #[serde(default)]
    pub dns_policy: Option<String>,
    /// Restart policy of the pod; absent means `Always`.
    #[serde(default)]
    pub restart_policy: Option<String>,
    /// Seconds between the signal to stop and the kill; absent means 30.
    #[serde(default)]
    pub termination_grace_period_seconds: Option<i64>,
    /// Security settings that hold for all containers.
    #[serde(default)]
    pub security_context: Option<PodSecurityContext>,
    /// Secrets with credentials of image registries.
    #[serde(default, deserialize_with = "null_default")]
    pub image_pull_secrets: Vec<LocalObjectReference>,
}

impl PodSpec {
    /// Name of the service account that the pods run as.
    #[must_use]
    pub fn service_account(&self) -> &str {
        [&self.service_account_name, &self.service_account]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .find(|name| !name.is_empty())
            .unwrap_or("default")
    }
}

/// Security settings of a whole pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodSecurityContext {
    /// User that the processes run as, unless a container states another.
    #[serde(default)]
    pub run_as_user: Option<i64>,
    /// Group that the processes run as, unless a container states another.
    #[serde(default)]
    pub run_as_group: Option<i64>,
    /// Whether a container that would run as root is refused.
    #[serde(default)]
    pub run_as_non_root: Option<bool>,
    /// Group that owns the files of volumes.
    #[serde(default)]
    pub fs_group: Option<i64>,
    /// Kernel parameters of the pod.
    #[serde(default, deserialize_with = "null_default")]
    pub sysctls: Vec<Sysctl>,
}

/// One kernel parameter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Sysctl {
    /// Name, as `net.ipv4.ip_unprivileged_port_start`.
    pub name: String,
    /// Value.
    pub value: String,
}

/// An object in the same namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct LocalObjectReference {
    /// Its name.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_without_service_account_runs_as_default() {
        let pod: PodSpec = serde_json::from_str(r#"{"containers": [], "serviceAccount": null}"#).unwrap();
        assert_eq!(pod.service_account(), "default");
    }

    #[test]
    fn the_newer_name_of_the_service_account_wins() {
        let pod: PodSpec =
            serde_json::from_str(r#"{"serviceAccountName": "new", "serviceAccount": "old"}"#).unwrap();
        assert_eq!(pod.service_account(), "new");
    }
}
