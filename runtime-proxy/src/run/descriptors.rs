//! File descriptors (dataplane.md §7.6, 25).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::log;

/// Descriptors that are enough for any container; a table for more costs memory of the kernel.
const ENOUGH: u64 = 1 << 20;

/// Raises the limit to what the process may have: two descriptors for every connection are soon more than the usual 1024.
pub(super) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if current.is_none_or(|current| current >= wanted) {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        log::warn(
            "the limit of file descriptors cannot be raised",
            &[("error", &error), ("wanted", &wanted)],
        );
    }
}
