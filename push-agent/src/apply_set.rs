//! The ApplySet (KEP-3659, as kubectl spells it): a parent object that says where to look for what was applied, and a label on
//! everything that was.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meshc_contract::ObjectRef;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// Label of members: the id of the set.
pub(crate) const PART_OF: &str = "applyset.kubernetes.io/part-of";
/// Label of the parent: the id of the set.
const ID: &str = "applyset.kubernetes.io/id";
/// Annotation of the parent: who manages the set.
const TOOLING: &str = "applyset.kubernetes.io/tooling";
/// Annotation of the parent: kinds of members, as `ConfigMap,Deployment.apps`.
const GROUP_KINDS: &str = "applyset.kubernetes.io/contains-group-kinds";
/// Annotation of the parent: namespaces of members besides its own.
const NAMESPACES: &str = "applyset.kubernetes.io/additional-namespaces";
/// What we call ourselves in the annotation, before the version.
const TOOL: &str = "meshc-agent";
/// Key of the parent: digest of the release that was applied last.
const RELEASE: &str = "release";
/// Key of the parent: digest of the release that was rolled back last.
const FAILED: &str = "failed";

/// A kind without its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKind {
    pub(crate) kind: String,
    pub(crate) group: String,
}

impl GroupKind {
    pub(crate) fn of(object: &ObjectRef) -> Self {
        Self { kind: object.kind.clone(), group: object.group.clone() }
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        (!kind.is_empty()).then(|| Self { kind: kind.to_owned(), group: group.to_owned() })
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group.as_str() {
            "" => f.write_str(&self.kind),
            group => write!(f, "{}.{group}", self.kind),
        }
    }
}

/// Where to look for members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) kinds: BTreeSet<GroupKind>,
    pub(crate) namespaces: BTreeSet<String>,
}

impl Contents {
    /// Where these objects are.
    pub(crate) fn of<'o>(objects: impl IntoIterator<Item = &'o ObjectRef>) -> Self {
        let mut contents = Self::default();
        for object in objects {
            contents.kinds.insert(GroupKind::of(object));
            if !object.namespace.is_empty() {
                contents.namespaces.insert(object.namespace.clone());
            }
        }
        contents
    }

    /// Both places.
    pub(crate) fn union(mut self, other: &Self) -> Self {
        self.kinds.extend(other.kinds.iter().cloned());
        self.namespaces.extend(other.namespaces.iter().cloned());
        self
    }
}

/// What the parent says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) contents: Contents,
    /// Digest of the release that was applied last.
    pub(crate) release: Option<String>,
    /// Digest of the release that was rolled back last.
    pub(crate) failed: Option<String>,
}

/// The set of everything that releases of one mesh applied.
#[derive(Debug, Clone)]
pub(crate) struct ApplySet {
    /// Name of the parent, a ConfigMap.
    pub(crate) name: String,
    /// Namespace of the parent.
    pub(crate) namespace: String,
    /// Value of the label that members have.
    pub(crate) id: String,
}

impl ApplySet {
    pub(crate) fn new(name: String, namespace: String) -> Self {
        let hash = Sha256::digest(format!("{name}.{namespace}.ConfigMap."));
        let id = format!("applyset-{}-v1", URL_SAFE_NO_PAD.encode(hash));
        Self { name, namespace, id }
    }

    /// The parent as an object reference.
    pub(crate) fn object(&self) -> ObjectRef {
        ObjectRef {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    /// The label selector of members.
    pub(crate) fn selector(&self) -> String {
        format!("{PART_OF}={}", self.id)
    }

    /// An object as a member.
    pub(crate) fn member(&self, value: &Value) -> Value {
        let mut member = value.clone();
        if !member["metadata"]["labels"].is_object() {
            member["metadata"]["labels"] = json!({});
        }
        member["metadata"]["labels"][PART_OF] = self.id.as_str().into();
        member
    }

    /// The parent to apply.
    pub(crate) fn write(&self, parent: &Parent) -> Value {
        let Parent { contents: Contents { kinds, namespaces }, release, failed } = parent;
        let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        let others: Vec<&str> =
            namespaces.iter().map(String::as_str).filter(|name| *name != self.namespace).collect();
        let states = [(RELEASE, release), (FAILED, failed)];
        let data: BTreeMap<&str, &String> =
            states.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))).collect();
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": {ID: self.id, "app.kubernetes.io/managed-by": TOOL},
                "annotations": {
                    TOOLING: format!("{TOOL}/v{}", env!("CARGO_PKG_VERSION")),
                    GROUP_KINDS: kinds.join(","),
                    NAMESPACES: others.join(","),
                },
            },
            "data": data,
        })
    }

    /// Reads the parent; refuses one of another tool, and a ConfigMap that is no parent.
    pub(crate) fn read(&self, live: &Value) -> Result<Parent, Error> {
        let metadata =
            |group: &str, key: &str| live.get("metadata")?.get(group)?.get(key)?.as_str().map(str::to_owned);
        let refuse = |reason: String| {
            Error::Refused(format!(
                "{} {reason}; name another set with --apply-set, or remove it if nothing uses it",
                self.object()
            ))
        };
        match metadata("annotations", TOOLING) {
            Some(tooling) if tooling.split('/').next() == Some(TOOL) => {}
            Some(tooling) => return Err(refuse(format!("is an ApplySet that {tooling} manages"))),
            None => return Err(refuse("is there already and is no ApplySet of meshc-agent".to_owned())),
        }
        if metadata("labels", ID).as_ref() != Some(&self.id) {
            return Err(refuse(format!("has another {ID} than its name and namespace give")));
        }
        let list = |key: &str| metadata("annotations", key).unwrap_or_default();
        let kinds = list(GROUP_KINDS).split(',').filter_map(GroupKind::parse).collect();
        let mut namespaces: BTreeSet<String> =
            list(NAMESPACES).split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        namespaces.insert(self.namespace.clone());
        let data = |key: &str| live.get("data")?.get(key)?.as_str().map(str::to_owned);
        Ok(Parent { contents: Contents { kinds, namespaces }, release: data(RELEASE), failed: data(FAILED) })
    }
}

/// The set that an object belongs to.
pub(crate) fn part_of(object: &Value) -> Option<&str> {
    object.get("metadata")?.get("labels")?.get(PART_OF)?.as_str()
}

#[cfg(test)]
mod tests {
    use meshc_contract::ObjectRef;
    use serde_json::json;

    use super::{ApplySet, Contents, Parent};

    fn set() -> ApplySet {
        ApplySet::new("meshc-one".into(), "meshc-system".into())
    }

    fn object(group: &str, kind: &str, namespace: &str) -> ObjectRef {
        ObjectRef { group: group.into(), kind: kind.into(), namespace: namespace.into(), name: "a".into() }
    }

    #[test]
    fn the_id_is_that_of_kubectl() {
        let set = set();
        // sha256("meshc-one.meshc-system.ConfigMap.") as base64 for URLs, without padding.
        assert_eq!(set.id, "applyset-Ix04nfeFxD2HObjbS0fAwa8qy74nabF6M-chLxeGlIw-v1");
        assert!(set.id.len() <= 63, "a label value has at most 63 characters");
        assert_ne!(set.id, ApplySet::new("meshc-one".into(), "other".into()).id);
    }

    #[test]
    fn a_parent_reads_back_as_it_is_written() {
        let objects = [
            object("", "ConfigMap", "shop"),
            object("apps", "Deployment", "meshc-system"),
            object("", "Namespace", ""),
        ];
        let parent =
            Parent { contents: Contents::of(&objects), release: Some("sha256:1".into()), failed: None };
        let written = set().write(&parent);
        let annotations = &written["metadata"]["annotations"];
        assert_eq!(
            annotations["applyset.kubernetes.io/contains-group-kinds"],
            "ConfigMap,Deployment.apps,Namespace"
        );
        assert_eq!(annotations["applyset.kubernetes.io/additional-namespaces"], "shop");
        assert_eq!(set().read(&written).unwrap(), parent);
    }

    #[test]
    fn a_parent_of_another_tool_or_none_at_all_is_refused() {
        let mut other = set().write(&Parent::default());
        other["metadata"]["annotations"]["applyset.kubernetes.io/tooling"] = "kubectl/v1.36.1".into();
        assert!(set().read(&other).unwrap_err().to_string().contains("kubectl/v1.36.1"));
        let mut newer = set().write(&Parent::default());
        newer["metadata"]["annotations"]["applyset.kubernetes.io/tooling"] = "meshc-agent/v9".into();
        assert!(set().read(&newer).is_ok());
        assert!(set().read(&json!({"metadata": {"name": "meshc-one"}})).is_err());
        newer["metadata"]["labels"]["applyset.kubernetes.io/id"] = "applyset-x-v1".into();
        assert!(set().read(&newer).is_err());
    }

    #[test]
    fn a_member_keeps_its_labels() {
        let member = set().member(&json!({"metadata": {"labels": {"app": "x"}}}));
        assert_eq!(member["metadata"]["labels"]["app"], "x");
        assert_eq!(super::part_of(&member), Some(set().id.as_str()));
        assert_eq!(super::part_of(&json!({})), None);
    }
}
