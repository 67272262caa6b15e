//! Composite names. A target spells them (Envoy cluster names, file names); nothing parses a spelling back.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One workload: the object that owns a pod template, or a pod or `WorkloadEntry` that stands alone.
///
/// Its proxy is called `<namespace>.<name>`, where the name is that of the workload object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct WorkloadRef {
    /// Kubernetes namespace of the object.
    pub namespace: String,
    /// `metadata.name` of the object.
    pub name: String,
}

impl fmt::Display for WorkloadRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.name)
    }
}

/// One service as Istio sees it: a host name within the namespace of the object that defines it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceRef {
    /// Namespace of the Kubernetes Service or the `ServiceEntry`.
    pub namespace: String,
    /// Fully qualified host name, lower case, without a trailing dot; may start with `*.`.
    pub host: String,
}

/// One Kubernetes object, precise enough for a person to find it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// API group, `""` for the core group.
    pub group: String,
    /// Kind, as written in manifests (`VirtualService`).
    pub kind: String,
    /// Namespace, `""` for objects of cluster scope.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// SPIFFE identity of a service account, as Istio mints it: `spiffe://<trust domain>/ns/<namespace>/sa/<account>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    /// Trust domain, `cluster.local` unless the mesh configuration states another.
    pub trust_domain: String,
    /// Kubernetes namespace of the service account.
    pub namespace: String,
    /// Name of the service account.
    pub service_account: String,
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spiffe://{}/ns/{}/sa/{}", self.trust_domain, self.namespace, self.service_account)
    }
}

/// Why a text is not the identity of a service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpiffeIdError {
    /// The text that was refused.
    pub text: String,
}

impl fmt::Display for SpiffeIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not of the form spiffe://<trust domain>/ns/<namespace>/sa/<service account>",
            self.text
        )
    }
}

impl std::error::Error for SpiffeIdError {}

impl std::str::FromStr for SpiffeId {
    type Err = SpiffeIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || SpiffeIdError { text: text.to_owned() };
        let path = text.strip_prefix("spiffe://").ok_or_else(refuse)?;
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            [trust_domain, "ns", namespace, "sa", service_account]
                if ![trust_domain, namespace, service_account].contains(&"") =>
            {
                Ok(Self {
                    trust_domain: trust_domain.to_owned(),
                    namespace: namespace.to_owned(),
                    service_account: service_account.to_owned(),
                })
            }
            _ => Err(refuse()),
        }
    }
}

impl Serialize for SpiffeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SpiffeId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spiffe_id_reads_back_as_it_prints() {
        let id: SpiffeId = "spiffe://cluster.local/ns/bookinfo/sa/reviews".parse().unwrap();
        assert_eq!(id.namespace, "bookinfo");
        assert_eq!(id.to_string(), "spiffe://cluster.local/ns/bookinfo/sa/reviews");
    }

    #[test]
    fn a_spiffe_id_with_a_missing_part_is_refused() {
        for text in
            ["spiffe://td/ns/a/sa/", "spiffe://td/ns/a", "https://td/ns/a/sa/b", "spiffe:///ns/a/sa/b"]
        {
            assert!(text.parse::<SpiffeId>().is_err(), "{text}");
        }
    }
}
