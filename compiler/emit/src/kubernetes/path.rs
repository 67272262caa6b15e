//! Where an object is written: `cluster/` or `namespaces/<namespace>/`, and `<kind>-<name>.yaml`.

use meshc_contract::ObjectRef;

use super::name;

/// The folder of an object below `k8s/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Folder {
    /// Objects outside of namespaces.
    Cluster,
    /// Objects of a namespace.
    Namespace(String),
}

impl Folder {
    pub(super) fn of(object: &ObjectRef) -> Self {
        if object.namespace.is_empty() { Self::Cluster } else { Self::Namespace(object.namespace.clone()) }
    }

    /// The parts of its path below `k8s/`.
    pub(super) fn parts(&self) -> Vec<&str> {
        match self {
            Self::Cluster => vec!["cluster"],
            Self::Namespace(namespace) => vec!["namespaces", namespace],
        }
    }
}

/// The file of an object within its folder.
pub(super) fn file(object: &ObjectRef) -> String {
    let ObjectRef { group: _, kind, namespace: _, name } = object;
    format!("{}.yaml", name::file_stem(&format!("{}-{name}", kind.to_ascii_lowercase())))
}

/// The same with the group, for kinds of one name in several groups.
pub(super) fn file_with_group(object: &ObjectRef) -> String {
    let ObjectRef { group, kind, namespace: _, name } = object;
    format!("{}.yaml", name::file_stem(&format!("{}.{group}-{name}", kind.to_ascii_lowercase())))
}
