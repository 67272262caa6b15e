//! What earlier releases of a set left in the cluster.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use meshc_contract::ObjectRef;
use serde_json::Value;

use crate::apply_set::{ApplySet, Parent};
use crate::cluster::{Cluster, Kind};
use crate::error::Error;
use crate::plan::{AT_ONCE, builtin};

/// An object with the label of the set.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) kind: Kind,
    pub(crate) object: ObjectRef,
    pub(crate) value: Value,
}

impl Member {
    pub(crate) fn new(kind: Kind, value: Value) -> Self {
        let text =
            |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let object = ObjectRef {
            group: kind.resource.group.clone(),
            kind: kind.resource.kind.clone(),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
        };
        Self { kind, object, value }
    }
}

/// Everything with the label of the set, wherever the parent says that there may be something.
pub(crate) async fn members(
    cluster: &Cluster,
    set: &ApplySet,
    parent: &Parent,
) -> Result<Vec<Member>, Error> {
    let mut places: BTreeMap<(String, String), (Kind, String)> = BTreeMap::new();
    for group_kind in &parent.contents.kinds {
        // A kind that has gone took its objects with it.
        let Some(kind) = cluster.any_version(&group_kind.group, &group_kind.kind).await? else { continue };
        if kind.namespaced {
            for namespace in &parent.contents.namespaces {
                places.insert((group_kind.to_string(), namespace.clone()), (kind.clone(), namespace.clone()));
            }
        } else {
            places.insert((group_kind.to_string(), String::new()), (kind, String::new()));
        }
    }
    let selector = set.selector();
    let listed: Vec<Vec<Member>> = stream::iter(places.into_values())
        .map(|(kind, namespace)| list(cluster, kind, namespace, &selector))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(listed.into_iter().flatten().collect())
}

async fn list(
    cluster: &Cluster,
    kind: Kind,
    namespace: String,
    selector: &str,
) -> Result<Vec<Member>, Error> {
    match cluster.list(&kind, &namespace, selector).await {
        Ok(found) => Ok(found.into_iter().map(|value| Member::new(kind.clone(), value)).collect()),
        // The rights in a namespace go with it, so a refusal may only mean that it is not there any more.
        Err(error) if !namespace.is_empty() && matches!(error, Error::Failed(_)) => {
            let namespaces = builtin(cluster, "Namespace").await?;
            match cluster.get(&namespaces, "", &namespace).await {
                Ok(None) => Ok(Vec::new()),
                _ => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}
