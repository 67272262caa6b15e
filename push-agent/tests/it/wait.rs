//! Waiting for what must come true.

use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// Longer than anything takes, on a slow machine under load too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until a condition gives something.
pub(crate) fn until<T>(what: &str, within: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "{what} did not come true within {within:?}");
        thread::sleep(PAUSE);
    }
}
