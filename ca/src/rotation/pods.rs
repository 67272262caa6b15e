//! The pods of a cluster, of which each that mounts a certificate must have reported.

use meshc_contract::{IdentityRequest, WorkloadRef};
use serde::Deserialize;

/// A pod that runs, or is about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pod {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Secrets that it mounts.
    secrets: Vec<String>,
}

impl Pod {
    /// Whether its proxy presents that identity: it mounts the identity's Secret.
    pub(super) fn presents(&self, request: &IdentityRequest) -> bool {
        self.namespace == request.secret.namespace && self.secrets.contains(&request.secret.name)
    }
}

/// Which of some workloads a pod belongs to. The pods of a Deployment, a StatefulSet, a DaemonSet or a Job carry its name,
/// `-`, and a suffix; of workloads that fit, the longest name is right (`reviews-v1-canary`, not `reviews-v1`).
pub(super) fn workload_of<'w>(
    workloads: &'w [WorkloadRef],
    namespace: &str,
    pod: &str,
) -> Option<&'w WorkloadRef> {
    let fits = |workload: &&WorkloadRef| {
        let rest = pod.strip_prefix(workload.name.as_str());
        workload.namespace == namespace && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    workloads.iter().filter(fits).max_by_key(|workload| workload.name.len())
}

#[derive(Deserialize)]
pub(super) struct PodItem {
    kind: Option<String>,
    metadata: PodName,
    #[serde(default)]
    spec: PodSpec,
    #[serde(default)]
    status: PodStatus,
}

#[derive(Deserialize)]
struct PodName {
    namespace: String,
    name: String,
}

#[derive(Deserialize, Default)]
struct PodSpec {
    #[serde(default)]
    volumes: Vec<Volume>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Volume {
    secret: Option<VolumeSecret>,
    projected: Option<Projected>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VolumeSecret {
    secret_name: Option<String>,
}

#[derive(Deserialize)]
struct Projected {
    #[serde(default)]
    sources: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    secret: Option<SourceSecret>,
}

#[derive(Deserialize)]
struct SourceSecret {
    name: Option<String>,
}

#[derive(Deserialize, Default)]
struct PodStatus {
    #[serde(default)]
    phase: String,
}

impl PodItem {
    /// The pod, unless its containers have ended for good. In a list of pods each item may leave its kind out.
    pub(super) fn running(self) -> Option<Pod> {
        let Self { kind, metadata: PodName { namespace, name }, spec, status } = self;
        let is_pod = kind.is_none_or(|kind| kind == "Pod");
        if !is_pod || ["Succeeded", "Failed"].contains(&status.phase.as_str()) {
            return None;
        }
        let mut secrets = Vec::new();
        for Volume { secret, projected } in spec.volumes {
            secrets.extend(secret.and_then(|secret| secret.secret_name));
            let sources = projected.into_iter().flat_map(|projected| projected.sources);
            secrets.extend(sources.filter_map(|source| source.secret?.name));
        }
        Some(Pod { namespace, name, secrets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(text: &str) -> Option<Pod> {
        serde_json::from_str::<PodItem>(text).unwrap().running()
    }

    #[test]
    fn a_pod_names_the_secrets_that_it_mounts_however_it_mounts_them() {
        let text = r#"{"metadata": {"namespace": "shop", "name": "cart-1"}, "spec": {"volumes": [{"name": "x",
            "secret": {"secretName": "one"}}, {"name": "y", "projected": {"sources": [{"secret": {"name": "two"}},
            {"configMap": {"name": "three"}}]}}, {"emptyDir": {}}]}, "status": {"phase": "Running"}}"#;
        assert_eq!(pod(text).unwrap().secrets, ["one", "two"]);
        assert!(pod(&text.replace("Running", "Pending")).is_some());
        assert!(pod(&text.replace("Running", "Succeeded")).is_none());
        assert!(pod(&text.replace(r#"{"metadata""#, r#"{"kind": "Service", "metadata""#)).is_none());
    }

    #[test]
    fn a_pod_belongs_to_the_workload_with_the_longest_name_that_fits() {
        let workload = |name: &str| WorkloadRef { namespace: "shop".to_owned(), name: name.to_owned() };
        let workloads = [workload("cart"), workload("cart-canary")];
        let of = |pod: &str| workload_of(&workloads, "shop", pod).map(|workload| workload.name.as_str());
        assert_eq!(of("cart-7d9f8b6c5-abcde"), Some("cart"));
        assert_eq!(of("cart-canary-7d9f8b6c5-abcde"), Some("cart-canary"));
        assert_eq!(of("cart"), Some("cart"));
        assert_eq!(of("cartoons-1"), None);
        assert_eq!(workload_of(&workloads, "other", "cart-1"), None);
    }
}
