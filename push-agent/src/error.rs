//! Why a run ended before it was done.

use crate::conflict::Conflict;

/// What stopped a run. Each kind has an exit code and says whether trying again can help.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is something to act on: the release, the cluster or the rollout is not as it must be. Exit 1.
    #[error("{0}")]
    Refused(String),
    /// Other managers own fields that the release sets. Nothing was forced. Exit 1.
    #[error("{}", conflicts(.0))]
    Conflicts(Vec<Conflict>),
    /// The run failed half-way and what it had changed is as it was. Exit 1.
    #[error("{0}")]
    RolledBack(String),
    /// The release holds no object. Exit 3.
    #[error("{0}")]
    Empty(String),
    /// The agent could not do its job: configuration, input or output. Exit 2.
    #[error("{0}")]
    Failed(String),
    /// The API server was away or overloaded; the next run goes on from there. Exit 2.
    #[error("{0}")]
    Unreachable(String),
}

impl Error {
    /// A failure of an operation on a path.
    pub(crate) fn io(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Failed(format!("cannot {action} `{}`: {error}", path.display()))
    }
}

fn conflicts(conflicts: &[Conflict]) -> String {
    let mut text = String::from(
        "other managers own fields that the release sets. Let them give the fields up, or take them with --force-conflicts:",
    );
    for conflict in conflicts {
        text.push_str(&format!("\n  {conflict}"));
    }
    text
}
