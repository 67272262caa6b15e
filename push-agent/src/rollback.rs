//! Goes back to what was there before a run.

use meshc_contract::Phase;
use serde_json::json;

use crate::apply;
use crate::apply_set::{ApplySet, part_of};
use crate::cluster::Cluster;
use crate::error::Error;
use crate::fields::applied_by;
use crate::log::Log;
use crate::prune::is_dangerous;
use crate::undo::{Entry, Undo};

/// Applies again what was there, what pods need before pods, then removes what was not there, the other way round. Returns what
/// could not be undone.
///
/// # Errors
///
/// The API server is away. The record is still there, so that the next run can go on.
pub(crate) async fn roll_back(
    cluster: &Cluster,
    set: &ApplySet,
    undo: &Undo,
    force: bool,
    log: Log,
) -> Result<Vec<String>, Error> {
    let mut entries: Vec<&Entry> = undo.entries.iter().collect();
    entries.sort_by_key(|entry| Phase::of(&entry.object.group, &entry.object.kind));
    let mut failures = Vec::new();
    for entry in &entries {
        note(restore(cluster, entry, force, log).await, &mut failures)?;
    }
    for entry in entries.iter().rev().filter(|entry| entry.before.is_none()) {
        note(remove(cluster, set, entry, log).await, &mut failures)?;
    }
    Ok(failures)
}

/// One object that cannot be undone must not keep the others from it.
fn note(result: Result<(), Error>, failures: &mut Vec<String>) -> Result<(), Error> {
    match result {
        Err(error @ Error::Unreachable(_)) => Err(error),
        Err(error) => {
            failures.push(error.to_string());
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

async fn restore(cluster: &Cluster, entry: &Entry, force: bool, log: Log) -> Result<(), Error> {
    let Entry { object, version, before: Some(before) } = entry else { return Ok(()) };
    log.info("rollback", "applying what was there", &[("object", json!(object.to_string()))]);
    let kind = apply::served(cluster, object, version).await?;
    apply::write(cluster, &kind, object, before, force).await
}

async fn remove(cluster: &Cluster, set: &ApplySet, entry: &Entry, log: Log) -> Result<(), Error> {
    let Entry { object, version, before: _ } = entry;
    let Some(kind) = cluster.kind(&object.group, version, &object.kind).await? else { return Ok(()) };
    let Some(live) = cluster.get(&kind, &object.namespace, &object.name).await? else { return Ok(()) };
    // A run that was stopped may not have come to it, and somebody else may have made one since.
    if part_of(&live) != Some(set.id.as_str()) || !applied_by(&live, cluster.manager()) {
        return Ok(());
    }
    let facts = [("object", json!(object.to_string()))];
    if is_dangerous(object) {
        log.warn("rollback", "keeping what was created, because much would go with it", &facts);
        return Ok(());
    }
    log.info("rollback", "removing what was created", &facts);
    cluster.delete(&kind, &live).await
}
