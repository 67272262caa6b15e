//! Waits until the cluster has made of the objects what they say.

use std::collections::BTreeMap;
use std::time::Duration;

use meshc_contract::ObjectRef;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::apply;
use crate::apply_set::ApplySet;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::log::Log;
use crate::status::{Status, can_wait, status};
use crate::verify::Item;

/// How often the API server is asked.
const PAUSE: Duration = Duration::from_millis(500);
/// How many objects a message names.
const NAMED: usize = 5;

/// Objects of one kind and version in one namespace, which one request lists.
type Place<'r> = (&'r str, &'r str, &'r str, &'r str);

/// Waits until all objects are current, one of them has failed, or the time is over.
pub(crate) async fn wait<'r>(
    cluster: &Cluster,
    set: &ApplySet,
    items: impl IntoIterator<Item = &'r Item>,
    within: Duration,
    log: Log,
) -> Result<(), Error> {
    let mut pending: BTreeMap<Place<'_>, Vec<&Item>> = BTreeMap::new();
    for item in items.into_iter().filter(|item| can_wait(&item.object)) {
        let ObjectRef { group, kind, namespace, name: _ } = &item.object;
        pending.entry((group, &item.version, kind, namespace)).or_default().push(item);
    }
    let count: usize = pending.values().map(Vec::len).sum();
    if count == 0 {
        return Ok(());
    }
    log.info("wait", "waiting for objects to be as they say", &[("objects", json!(count))]);
    let deadline = Instant::now() + within;
    loop {
        let mut reasons = Vec::new();
        for (place, items) in std::mem::take(&mut pending) {
            let left = look(cluster, set, &items, &mut reasons).await?;
            if !left.is_empty() {
                pending.insert(place, left);
            }
        }
        if pending.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Error::Refused(format!(
                "after {} s {} of {count} objects are not as they say: {}",
                within.as_secs_f32(),
                reasons.len(),
                named(&reasons)
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks at objects of one place and returns those that are not current, with the reason.
async fn look<'r>(
    cluster: &Cluster,
    set: &ApplySet,
    items: &[&'r Item],
    reasons: &mut Vec<String>,
) -> Result<Vec<&'r Item>, Error> {
    let Some(first) = items.first() else { return Ok(Vec::new()) };
    let kind = apply::served(cluster, &first.object, &first.version).await?;
    let listed = cluster.list(&kind, &first.object.namespace, &set.selector()).await?;
    let name = |value: &Value| value.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
    let live: BTreeMap<String, Value> =
        listed.into_iter().filter_map(|value| Some((name(&value)?, value))).collect();
    let mut left = Vec::new();
    for item in items {
        let object = &item.object;
        let found = match live.get(&object.name) {
            Some(value) => status(object, value),
            None => Status::InProgress("it is gone".to_owned()),
        };
        match found {
            Status::Current => {}
            Status::InProgress(reason) => {
                reasons.push(format!("{object}: {reason}"));
                left.push(*item);
            }
            Status::Failed(reason) => return Err(Error::Refused(format!("{object} failed: {reason}"))),
        }
    }
    Ok(left)
}

fn named(reasons: &[String]) -> String {
    let mut text = reasons.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    if reasons.len() > NAMED {
        text.push_str(&format!("; and {} more", reasons.len() - NAMED));
    }
    text
}
