//! The release manifest: which objects a build made, in the order in which they are applied, and the checksum of each file.
//!
//! `meshc build` writes it as `release.json` beside `k8s/`. The push agent reads it before everything else, and touches no cluster
//! unless every file is there and has its checksum. It holds no time, commit or counter: equal input makes an equal release.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ObjectRef;

/// Version of [`Release`] that this crate writes and reads.
pub const RELEASE_VERSION: u32 = 1;

/// Name of the file that holds the manifest, at the top of the output folder.
pub const RELEASE_FILE: &str = "release.json";

/// The content of `release.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Release {
    /// Version of this layout, [`RELEASE_VERSION`].
    pub version: u32,
    /// Name of the mesh. Releases of one mesh follow each other in a cluster; those of different meshes do not touch each other.
    pub mesh: String,
    /// Digest of the whole release, `sha256:` and 64 hexadecimal digits of [`Release::digest_input`].
    pub digest: String,
    /// The objects, in the order in which they are applied. No phase comes twice, and none is empty.
    pub phases: Vec<ReleasePhase>,
}

/// Objects that are applied before those of the next phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleasePhase {
    /// Which phase.
    pub name: Phase,
    /// Its objects, ordered by namespace, kind and name.
    pub objects: Vec<ReleaseObject>,
}

/// One object of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseObject {
    /// The file that holds the object and nothing else, relative to the manifest, with forward slashes.
    pub path: String,
    /// API group, `""` for the core group.
    pub group: String,
    /// Version of the API group.
    pub version: String,
    /// Kind, as written in manifests.
    pub kind: String,
    /// Namespace, `""` for objects of cluster scope.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
}

/// When objects are applied: what others need comes first, and what may refuse others comes last. Pruning goes the other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Namespaces.
    Namespaces,
    /// Custom resource definitions: kinds that later phases may use.
    Definitions,
    /// Service accounts, roles and bindings; quotas and classes that pods are admitted by.
    Access,
    /// `ConfigMaps`, Secrets, Services and volumes: what pods mount and look up.
    Config,
    /// Every other kind, such as network policies, budgets and autoscalers.
    Policies,
    /// Kinds that run pods.
    Workloads,
    /// Webhooks and API services, which may refuse everything else.
    Webhooks,
}

impl Phase {
    /// The phase of a kind.
    #[must_use]
    pub fn of(group: &str, kind: &str) -> Self {
        match (group, kind) {
            ("", "Namespace") => Self::Namespaces,
            ("apiextensions.k8s.io", "CustomResourceDefinition") => Self::Definitions,
            ("", "ServiceAccount" | "ResourceQuota" | "LimitRange")
            | ("rbac.authorization.k8s.io", _)
            | ("scheduling.k8s.io", "PriorityClass")
            | ("storage.k8s.io", "StorageClass") => Self::Access,
            (
                "",
                "ConfigMap"
                | "Secret"
                | "Service"
                | "Endpoints"
                | "PersistentVolume"
                | "PersistentVolumeClaim",
            )
            | ("discovery.k8s.io", "EndpointSlice") => Self::Config,
            ("", "Pod" | "ReplicationController") | ("argoproj.io", "Rollout") | ("apps" | "batch", _) => {
                Self::Workloads
            }
            ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => Self::Webhooks,
            _ => Self::Policies,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespaces => "namespaces",
            Self::Definitions => "definitions",
            Self::Access => "access",
            Self::Config => "config",
            Self::Policies => "policies",
            Self::Workloads => "workloads",
            Self::Webhooks => "webhooks",
        })
    }
}

impl Release {
    /// The bytes whose SHA-256 is the digest: everything but the digest, as JSON without spaces.
    #[must_use]
    pub fn digest_input(&self) -> Vec<u8> {
        let Self { version, mesh, digest: _, phases } = self;
        // Structures of strings and numbers always have a JSON text.
        serde_json::to_vec(&(version, mesh, phases)).unwrap_or_default()
    }

    /// All objects, in the order in which they are applied.
    pub fn objects(&self) -> impl Iterator<Item = &ReleaseObject> {
        self.phases.iter().flat_map(|phase| &phase.objects)
    }
}

impl ReleaseObject {
    /// What identifies the object in a cluster.
    #[must_use]
    pub fn object(&self) -> ObjectRef {
        let Self { path: _, group, version: _, kind, namespace, name, sha256: _ } = self;
        ObjectRef {
            group: group.clone(),
            kind: kind.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Phase, RELEASE_VERSION, Release, ReleaseObject, ReleasePhase};

    fn release() -> Release {
        Release {
            version: RELEASE_VERSION,
            mesh: "cluster.local".into(),
            digest: "sha256:00".into(),
            phases: vec![ReleasePhase {
                name: Phase::Workloads,
                objects: vec![ReleaseObject {
                    path: "k8s/namespaces/shop/deployment-cart.yaml".into(),
                    group: "apps".into(),
                    version: "v1".into(),
                    kind: "Deployment".into(),
                    namespace: "shop".into(),
                    name: "cart".into(),
                    sha256: "00".into(),
                }],
            }],
        }
    }

    #[test]
    fn the_digest_covers_everything_but_itself() {
        let (one, mut other) = (release(), release());
        other.digest = "sha256:11".into();
        assert_eq!(one.digest_input(), other.digest_input());
        other.phases[0].objects[0].sha256 = "11".into();
        assert_ne!(one.digest_input(), other.digest_input());
        let renamed = Release { mesh: "other".into(), ..release() };
        assert_ne!(one.digest_input(), renamed.digest_input());
    }

    #[test]
    fn a_release_reads_back_as_it_is_written_and_unknown_fields_are_refused() {
        let text = serde_json::to_string(&release()).unwrap();
        assert_eq!(serde_json::from_str::<Release>(&text).unwrap(), release());
        let more = text.replacen('{', "{\"time\":0,", 1);
        assert!(serde_json::from_str::<Release>(&more).is_err());
    }

    #[test]
    fn what_pods_need_comes_before_pods_and_webhooks_come_last() {
        let phases = [
            ("", "Namespace"),
            ("apiextensions.k8s.io", "CustomResourceDefinition"),
            ("", "ServiceAccount"),
            ("", "ConfigMap"),
            ("networking.k8s.io", "NetworkPolicy"),
            ("apps", "Deployment"),
            ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ]
        .map(|(group, kind)| Phase::of(group, kind));
        assert!(phases.windows(2).all(|pair| pair[0] < pair[1]), "{phases:?}");
    }
}
