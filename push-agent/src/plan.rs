//! What a push would do: every object asked of the API server as a dry run, and compared with what is there.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use meshc_contract::ObjectRef;
use serde_json::Value;

use crate::apply_set::{ApplySet, PART_OF, Parent, part_of};
use crate::cluster::{ApplyError, Cluster, Kind, Mode};
use crate::conflict::Conflict;
use crate::error::Error;
use crate::members;
use crate::prune::{self, Prune};
use crate::verify::{Item, Verified};

/// Requests that are under way at a time.
pub(crate) const AT_ONCE: usize = 8;

/// What applying an object would come to.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// It is not there yet.
    Create,
    /// It is there and would differ.
    Update {
        /// The object as it is.
        before: Value,
        /// The object as it would be.
        after: Value,
    },
    /// It is there as it should be.
    Unchanged,
    /// The API server cannot say yet, because the same release brings what the object needs.
    Deferred {
        /// What is missing.
        reason: String,
    },
}

/// One object with what applying it would come to.
#[derive(Debug)]
pub(crate) struct Planned<'r> {
    pub(crate) item: &'r Item,
    /// What is applied: the object as a member of the set.
    pub(crate) desired: Value,
    pub(crate) change: Change,
    /// Fields that others own and that would be taken.
    pub(crate) forced: Vec<Conflict>,
}

/// Everything that a push would do.
#[derive(Debug)]
pub(crate) struct Plan<'r> {
    /// Objects in the order in which they are applied.
    pub(crate) objects: Vec<Planned<'r>>,
    /// What goes, and what is kept although the release has it no more.
    pub(crate) prune: Prune,
    /// The parent as it is.
    pub(crate) parent: Option<Parent>,
}

impl Plan<'_> {
    /// Whether the cluster is as the release says.
    pub(crate) fn is_empty(&self) -> bool {
        self.prune.remove.is_empty()
            && self.objects.iter().all(|planned| matches!(planned.change, Change::Unchanged))
    }
}

/// What a plan is made for.
pub(crate) struct Request<'r> {
    pub(crate) release: &'r Verified,
    pub(crate) set: &'r ApplySet,
    pub(crate) force_conflicts: bool,
    pub(crate) prune_dangerous: bool,
    pub(crate) max_prune_percent: u8,
}

/// Asks the API server about everything. Nothing is changed.
pub(crate) async fn plan<'r>(cluster: &Cluster, request: &Request<'r>) -> Result<Plan<'r>, Error> {
    let Request { release, set, force_conflicts, prune_dangerous, max_prune_percent } = *request;
    let parent = read_parent(cluster, set).await?;
    let brought = Brought::by(&release.items);
    let found: Vec<Result<Planned<'r>, Problem>> = stream::iter(&release.items)
        .map(|item| plan_object(cluster, set, item, &brought, force_conflicts))
        .buffered(AT_ONCE)
        .map(|planned| match planned {
            Err(Problem::Stopped(error)) => Err(error),
            other => Ok(other),
        })
        .try_collect()
        .await?;
    let objects = without_problems(found)?;
    let members = match &parent {
        Some(parent) => members::members(cluster, set, parent).await?,
        None => Vec::new(),
    };
    let kept: BTreeSet<ObjectRef> = release.items.iter().map(|item| item.object.clone()).collect();
    let prune = prune::select(members, &kept, cluster.manager(), prune_dangerous, max_prune_percent)?;
    Ok(Plan { objects, prune, parent })
}

/// The parent; none before the first push.
pub(crate) async fn read_parent(cluster: &Cluster, set: &ApplySet) -> Result<Option<Parent>, Error> {
    let kind = builtin(cluster, "ConfigMap").await?;
    match cluster.get(&kind, &set.namespace, &set.name).await? {
        Some(live) => set.read(&live).map(Some),
        None => Ok(None),
    }
}

/// A kind of the core group, which every cluster has.
pub(crate) async fn builtin(cluster: &Cluster, kind: &str) -> Result<Kind, Error> {
    let found = cluster.kind("", "v1", kind).await?;
    found.ok_or_else(|| {
        Error::Failed(format!("the API server has no kind {kind}: is it a Kubernetes cluster?"))
    })
}

/// What later objects of a release may need of earlier ones.
struct Brought {
    namespaces: BTreeSet<String>,
    /// Group and kind.
    kinds: BTreeSet<(String, String)>,
}

impl Brought {
    fn by(items: &[Item]) -> Self {
        let mut brought = Self { namespaces: BTreeSet::new(), kinds: BTreeSet::new() };
        for Item { object, value, .. } in items {
            let text =
                |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            match (object.group.as_str(), object.kind.as_str()) {
                ("", "Namespace") => drop(brought.namespaces.insert(object.name.clone())),
                ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                    brought.kinds.insert((text("/spec/group"), text("/spec/names/kind")));
                }
                _ => {}
            }
        }
        brought
    }
}

/// Why an object cannot be planned.
enum Problem {
    Conflicts(Vec<Conflict>),
    Refused(String),
    Stopped(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Stopped(error)
    }
}

/// All problems at once, so that a person sees them all.
fn without_problems(found: Vec<Result<Planned<'_>, Problem>>) -> Result<Vec<Planned<'_>>, Error> {
    let (mut objects, mut conflicts, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for planned in found {
        match planned {
            Ok(planned) => objects.push(planned),
            Err(Problem::Conflicts(more)) => conflicts.extend(more),
            Err(Problem::Refused(reason)) => refused.push(reason),
            Err(Problem::Stopped(error)) => return Err(error),
        }
    }
    if !refused.is_empty() {
        return Err(Error::Refused(format!("nothing was changed, because {}", refused.join("; "))));
    }
    if !conflicts.is_empty() {
        return Err(Error::Conflicts(conflicts));
    }
    Ok(objects)
}

async fn plan_object<'r>(
    cluster: &Cluster,
    set: &ApplySet,
    item: &'r Item,
    brought: &Brought,
    force: bool,
) -> Result<Planned<'r>, Problem> {
    let Item { object, version, value, .. } = item;
    let desired = set.member(value);
    let deferred = |reason: String| {
        Ok(Planned {
            item,
            desired: desired.clone(),
            change: Change::Deferred { reason },
            forced: Vec::new(),
        })
    };
    let Some(kind) = cluster.kind(&object.group, version, &object.kind).await? else {
        if brought.kinds.contains(&(object.group.clone(), object.kind.clone())) {
            return deferred(format!("the kind {} does not exist yet", object.kind));
        }
        let version = format!("{}/{version}", object.group);
        return Err(Problem::Refused(format!(
            "the cluster has no kind {} in {}, which {object} needs",
            object.kind,
            version.trim_start_matches('/')
        )));
    };
    if kind.namespaced == object.namespace.is_empty() {
        let scope = if kind.namespaced { "must name a namespace" } else { "must not name a namespace" };
        return Err(Problem::Refused(format!("{object} {scope}")));
    }
    let before = cluster.get(&kind, &object.namespace, &object.name).await?;
    if let Some(conflict) = before.as_ref().and_then(|before| other_set(set, object, before)) {
        return Err(Problem::Conflicts(vec![conflict]));
    }
    let mut forced = Vec::new();
    let mut answer = cluster.apply(&kind, object, &desired, Mode { dry_run: true, force: false }).await;
    if let Err(ApplyError::Conflicts(conflicts)) = &answer
        && force
    {
        forced.clone_from(conflicts);
        answer = cluster.apply(&kind, object, &desired, Mode { dry_run: true, force: true }).await;
    }
    match answer {
        Ok(after) => Ok(Planned { item, desired, change: change(before, after), forced }),
        Err(ApplyError::NotFound) if brought.namespaces.contains(&object.namespace) => {
            deferred(format!("the namespace {} does not exist yet", object.namespace))
        }
        Err(ApplyError::NotFound) => Err(Problem::Refused(format!(
            "the namespace of {object} does not exist and the release has none"
        ))),
        Err(ApplyError::Conflicts(conflicts)) => Err(Problem::Conflicts(conflicts)),
        Err(ApplyError::Refused(reason)) => Err(Problem::Refused(reason)),
        Err(ApplyError::Stopped(error)) => Err(Problem::Stopped(error)),
    }
}

/// A member of another set is never taken, not even by force: the other one would prune it.
fn other_set(set: &ApplySet, object: &ObjectRef, live: &Value) -> Option<Conflict> {
    let other = part_of(live).filter(|id| *id != set.id)?;
    Some(Conflict {
        object: object.clone(),
        manager: format!("the ApplySet {other}"),
        field: format!(".metadata.labels.{PART_OF}"),
    })
}

fn change(before: Option<Value>, after: Value) -> Change {
    match before {
        None => Change::Create,
        Some(before) if comparable(&before) == comparable(&after) => Change::Unchanged,
        Some(before) => Change::Update { before, after },
    }
}

/// An object without what every answer of the API server changes.
fn comparable(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("resourceVersion");
        metadata.remove("generation");
        if let Some(entries) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
            for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                entry.remove("time");
            }
            // Their order says when each wrote last.
            entries.sort_by_key(Value::to_string);
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Change, change};

    #[test]
    fn only_what_would_be_stored_makes_a_change() {
        let entry =
            |time: &str, fields: serde_json::Value| json!({"manager": "m", "time": time, "fieldsV1": fields});
        let object = |version: &str, entries: Vec<serde_json::Value>| json!({"metadata": {"name": "a", "resourceVersion": version, "managedFields": entries}});
        let (ours, theirs) = (json!({"f:a": {}}), json!({"f:b": {}}));
        let before = object("1", vec![entry("T1", ours.clone()), entry("T1", theirs.clone())]);
        let same = object("2", vec![entry("T1", theirs), entry("T2", ours.clone())]);
        assert!(matches!(change(Some(before.clone()), same), Change::Unchanged));
        let taken = object("1", vec![entry("T1", ours)]);
        assert!(matches!(change(Some(before.clone()), taken), Change::Update { .. }));
        assert!(matches!(change(None, before), Change::Create));
    }
}
