//! Applies one object with server-side apply.

use std::time::Duration;

use meshc_contract::ObjectRef;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cluster::{ApplyError, Cluster, Kind, Mode};
use crate::error::Error;
use crate::log::Log;
use crate::plan::{Change, Planned};

/// How long a kind may take to be served once its definition is established.
const SERVED_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked for.
const PAUSE: Duration = Duration::from_millis(200);

/// Applies an object if that changes anything, and says whether it did.
pub(crate) async fn apply(cluster: &Cluster, planned: &Planned<'_>, log: Log) -> Result<bool, Error> {
    let Planned { item, desired, change, forced } = planned;
    let doing = match change {
        Change::Unchanged => return Ok(false),
        Change::Create | Change::Deferred { .. } => "creating",
        Change::Update { .. } => "changing",
    };
    let object = &item.object;
    log.info(
        "apply",
        doing,
        &[("object", json!(object.to_string())), ("phase", json!(item.phase.to_string()))],
    );
    let kind = served(cluster, object, &item.version).await?;
    write(cluster, &kind, object, desired, !forced.is_empty()).await?;
    Ok(true)
}

/// Applies an object whose kind is known.
pub(crate) async fn write(
    cluster: &Cluster,
    kind: &Kind,
    object: &ObjectRef,
    desired: &Value,
    force: bool,
) -> Result<(), Error> {
    match cluster.apply(kind, object, desired, Mode { dry_run: false, force }).await {
        Ok(_) => Ok(()),
        Err(ApplyError::Conflicts(conflicts)) => Err(Error::Conflicts(conflicts)),
        Err(ApplyError::NotFound) => Err(Error::Refused(format!("the namespace of {object} is gone"))),
        Err(ApplyError::Refused(reason)) => Err(Error::Refused(reason)),
        Err(ApplyError::Stopped(error)) => Err(error),
    }
}

/// The kind of an object. One whose definition was just applied is served a moment later.
pub(crate) async fn served(cluster: &Cluster, object: &ObjectRef, version: &str) -> Result<Kind, Error> {
    let deadline = Instant::now() + SERVED_WITHIN;
    loop {
        if let Some(kind) = cluster.kind(&object.group, version, &object.kind).await? {
            return Ok(kind);
        }
        if Instant::now() >= deadline {
            return Err(Error::Refused(format!("the API server does not serve the kind of {object}")));
        }
        cluster.forget_kinds().await;
        tokio::time::sleep(PAUSE).await;
    }
}
