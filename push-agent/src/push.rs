//! One delivery, from the verified release to the cluster that is as it says.
//!
//! plan → parent (superset) → undo record → phases → wait → prune → parent (as it is) → record removed. Every arrow may be the last
//! thing that happens; the next run plans from what it finds and does the rest.

use std::time::Duration;

use meshc_contract::{ObjectRef, Phase};
use serde_json::json;

use crate::apply;
use crate::apply_set::{ApplySet, Contents, Parent};
use crate::args::DeliveryArgs;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::log::Log;
use crate::plan::{self, Plan, builtin};
use crate::prune;
use crate::rollback::roll_back;
use crate::undo;
use crate::verify::Verified;
use crate::wait::wait;

/// How careful a delivery is.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    wait_timeout: Duration,
    force_conflicts: bool,
    prune_dangerous: bool,
    max_prune_percent: u8,
    rollback: bool,
}

impl Options {
    pub(crate) fn of(args: &DeliveryArgs) -> Self {
        Self {
            wait_timeout: args.wait_timeout,
            force_conflicts: args.force_conflicts,
            prune_dangerous: args.prune_dangerous,
            max_prune_percent: args.max_prune_percent,
            rollback: !args.no_rollback,
        }
    }

    /// What a plan is made for.
    pub(crate) fn request<'r>(&self, release: &'r Verified, set: &'r ApplySet) -> plan::Request<'r> {
        plan::Request {
            release,
            set,
            force_conflicts: self.force_conflicts,
            prune_dangerous: self.prune_dangerous,
            max_prune_percent: self.max_prune_percent,
        }
    }
}

/// What a delivery did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Objects that were written.
    pub(crate) applied: usize,
    /// Objects that were as they should be.
    pub(crate) unchanged: usize,
    /// Objects that were removed.
    pub(crate) pruned: usize,
}

/// The set that a release belongs to.
pub(crate) fn apply_set(cluster: &Cluster, release: &Verified, args: &DeliveryArgs) -> ApplySet {
    let name =
        args.apply_set.clone().unwrap_or_else(|| format!("meshc-{}", release.mesh.to_ascii_lowercase()));
    ApplySet::new(name, cluster.namespace.clone())
}

/// Delivers a release.
pub(crate) async fn push(
    cluster: &Cluster,
    release: &Verified,
    set: &ApplySet,
    options: &Options,
    log: Log,
) -> Result<Report, Error> {
    let delivery = Delivery { cluster, release, set, options, log };
    log.info(
        "plan",
        "asking the API server",
        &[("release", json!(release.digest)), ("set", json!(set.name))],
    );
    let plan = plan::plan(cluster, &options.request(release, set)).await?;
    let stored = undo::load(cluster, set).await?;
    let parent = delivery.announce(&plan).await?;
    let stored = delivery.record(&plan, stored).await?;
    match delivery.apply(&plan).await {
        Ok(report) => delivery.finish(&plan, parent, stored.is_some(), report).await,
        Err(error @ (Error::Refused(_) | Error::Conflicts(_) | Error::Failed(_))) => {
            Err(delivery.undo(error, parent, stored).await)
        }
        Err(error) => Err(error),
    }
}

struct Delivery<'d> {
    cluster: &'d Cluster,
    release: &'d Verified,
    set: &'d ApplySet,
    options: &'d Options,
    log: Log,
}

impl Delivery<'_> {
    /// Makes the parent name every place where there is or will be a member, before one is made there: what is not named could
    /// never be pruned.
    async fn announce(&self, plan: &Plan<'_>) -> Result<Parent, Error> {
        let released = self.contents(std::iter::empty());
        let before = plan.parent.clone().unwrap_or_default();
        let parent = Parent { contents: released.union(&before.contents), ..before };
        if plan.parent.as_ref() != Some(&parent) {
            self.log.info("announce", "writing the parent of the set", &[("object", json!(self.set.name))]);
            self.write_parent(&parent).await?;
        }
        Ok(parent)
    }

    /// Keeps what is there. Nothing is written when nothing will be.
    async fn record(
        &self,
        plan: &Plan<'_>,
        stored: Option<undo::Stored>,
    ) -> Result<Option<undo::Stored>, Error> {
        let known = stored.as_ref().map(|stored| stored.undo.clone()).unwrap_or_default();
        let undo = known.clone().extended(plan, self.cluster.manager());
        if undo == known || !self.options.rollback {
            return Ok(stored);
        }
        self.log.info("record", "keeping what is there", &[("objects", json!(undo.entries.len()))]);
        undo::save(self.cluster, self.set, undo, stored.as_ref()).await.map(Some)
    }

    /// Applies phase by phase, waits for what later phases need, and in the end for everything.
    async fn apply(&self, plan: &Plan<'_>) -> Result<Report, Error> {
        let Self { cluster, set, options, log, release: _ } = *self;
        let mut report = Report::default();
        let mut waited = false;
        for phase in plan.objects.chunk_by(|one, next| one.item.phase == next.item.phase) {
            let name = phase.first().map(|planned| planned.item.phase);
            if name == Some(Phase::Webhooks) {
                self.wait_for_all(plan).await?;
                waited = true;
            }
            let mut changed = false;
            for planned in phase {
                if apply::apply(cluster, planned, log).await? {
                    report.applied += 1;
                    changed = true;
                } else {
                    report.unchanged += 1;
                }
            }
            if changed && name <= Some(Phase::Definitions) {
                wait(cluster, set, phase.iter().map(|planned| planned.item), options.wait_timeout, log)
                    .await?;
                cluster.forget_kinds().await;
            }
        }
        if !waited {
            self.wait_for_all(plan).await?;
        }
        Ok(report)
    }

    async fn wait_for_all(&self, plan: &Plan<'_>) -> Result<(), Error> {
        let items = plan.objects.iter().map(|planned| planned.item);
        wait(self.cluster, self.set, items, self.options.wait_timeout, self.log).await
    }

    /// Removes what the release has no more, and makes the parent say what there is.
    async fn finish(
        &self,
        plan: &Plan<'_>,
        announced: Parent,
        recorded: bool,
        mut report: Report,
    ) -> Result<Report, Error> {
        for (object, reason) in &plan.prune.keep {
            self.log.warn(
                "prune",
                "keeping",
                &[("object", json!(object.to_string())), ("reason", json!(reason))],
            );
        }
        report.pruned = prune::run(self.cluster, &plan.prune, self.log).await?;
        let contents = self.contents(plan.prune.keep.iter().map(|(object, _)| object));
        let parent = Parent { contents, release: Some(self.release.digest.clone()), failed: None };
        if parent != announced {
            self.log.info("settle", "writing the parent of the set", &[("object", json!(self.set.name))]);
            self.write_parent(&parent).await?;
        }
        if recorded {
            self.log.info("forget", "removing the record of what was there", &[]);
            undo::forget(self.cluster, self.set).await?;
        }
        Ok(report)
    }

    /// Goes back to what the record holds, and returns what is to be said about it.
    async fn undo(&self, error: Error, announced: Parent, stored: Option<undo::Stored>) -> Error {
        if !self.options.rollback {
            return error;
        }
        let Some(stored) = stored else { return error };
        let reason = error.to_string();
        self.log.error("rollback", "going back to what was there", &[("reason", json!(reason))]);
        let undone = roll_back(self.cluster, self.set, &stored.undo, self.options.force_conflicts, self.log);
        match undone.await {
            Ok(failures) if failures.is_empty() => {}
            Ok(failures) => {
                return Error::Refused(format!(
                    "{reason}; going back did not succeed either, the next run tries again: {}",
                    failures.join("; ")
                ));
            }
            Err(error) => return error,
        }
        let parent = Parent { failed: Some(self.release.digest.clone()), ..announced };
        self.log.info("settle", "writing the parent of the set", &[("object", json!(self.set.name))]);
        let settled = match self.write_parent(&parent).await {
            Ok(()) => undo::forget(self.cluster, self.set).await,
            Err(error) => Err(error),
        };
        match settled {
            Ok(()) => Error::RolledBack(format!("{reason}; everything is as it was before")),
            Err(error) => error,
        }
    }

    /// Where the release and some more objects are. The parent's own namespace is always looked at.
    fn contents<'o>(&'o self, more: impl Iterator<Item = &'o ObjectRef>) -> Contents {
        let mut contents = Contents::of(self.release.items.iter().map(|item| &item.object).chain(more));
        contents.namespaces.insert(self.set.namespace.clone());
        contents
    }

    async fn write_parent(&self, parent: &Parent) -> Result<(), Error> {
        let kind = builtin(self.cluster, "ConfigMap").await?;
        let value = self.set.write(parent);
        match apply::write(self.cluster, &kind, &self.set.object(), &value, true).await {
            Err(Error::Refused(_)) if !self.namespace_exists().await? => Err(Error::Failed(format!(
                "the namespace {} of the agent's state does not exist: create it, or name another with --namespace",
                self.set.namespace
            ))),
            other => other,
        }
    }

    async fn namespace_exists(&self) -> Result<bool, Error> {
        let kind = builtin(self.cluster, "Namespace").await?;
        Ok(self.cluster.get(&kind, "", &self.set.namespace).await?.is_some())
    }
}
