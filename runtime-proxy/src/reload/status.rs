//! What became of reloads, for whoever asks.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::Serialize;

use crate::config::ConfigError;
use crate::log::rfc3339;

/// What became of reloads.
#[derive(Debug)]
pub(crate) struct Status(Mutex<Told>);

/// What is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    /// When what is in force was put in force.
    pub(crate) in_force_since: String,
    /// Versions that were put in force, the first one included.
    pub(crate) versions: u64,
    /// What is wrong with the newest version of the file; `None` if it is in force.
    pub(crate) error: Option<Failure>,
}

/// A version that is not in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    /// When it was tried last.
    pub(crate) time: String,
    /// JSON path of what is wrong.
    pub(crate) path: String,
    /// What is wrong.
    pub(crate) problem: String,
}

impl Status {
    /// The first version is in force.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Told { in_force_since: now(), versions: 1, error: None }))
    }

    /// Another version is in force.
    pub(super) fn succeeded(&self) {
        self.with(|told| {
            told.in_force_since = now();
            told.versions += 1;
            told.error = None;
        });
    }

    /// What is in force is the newest version again.
    pub(super) fn recovered(&self) {
        self.with(|told| told.error = None);
    }

    /// A version is refused.
    pub(super) fn failed(&self, error: &ConfigError) {
        let ConfigError { path, problem } = error.clone();
        self.with(|told| told.error = Some(Failure { time: now(), path, problem }));
    }

    /// What is known.
    pub(crate) fn told(&self) -> Told {
        self.with(|told| told.clone())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Told) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn now() -> String {
    rfc3339(SystemTime::now())
}
