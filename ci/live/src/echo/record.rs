//! What an application has seen since it was last asked to forget.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Requests that reached an application.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seen {
    /// How many.
    pub(crate) requests: u64,
    /// The last of them.
    pub(crate) last: Option<SeenRequest>,
}

/// One request that reached an application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeenRequest {
    /// `Host` or `:authority`.
    pub(crate) authority: String,
    /// Path with query.
    pub(crate) path: String,
    /// Headers, lower case.
    pub(crate) headers: BTreeMap<String, String>,
}

/// The memory of an application, which has one thread.
#[derive(Debug, Default)]
pub(crate) struct Record {
    seen: RefCell<Seen>,
    attempts: RefCell<BTreeMap<String, u32>>,
}

impl Record {
    /// Notes a request.
    pub(crate) fn note(&self, request: SeenRequest) {
        let mut seen = self.seen.borrow_mut();
        seen.requests += 1;
        seen.last = Some(request);
    }

    /// Counts an attempt at a request and tells how many there were before. Retries of a proxy keep the `x-request-id`, so
    /// attempts are counted by it.
    pub(crate) fn attempt(&self, request_id: &str) -> u32 {
        let mut attempts = self.attempts.borrow_mut();
        let count = attempts.entry(request_id.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    /// What was seen.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) {
        *self.seen.borrow_mut() = Seen::default();
        self.attempts.borrow_mut().clear();
    }
}
