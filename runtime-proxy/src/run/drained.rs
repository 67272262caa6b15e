//! When a proxy that drains may end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::listener::Context;

/// Time for which a proxy that drains stays even if it is idle: others learn only by and by that the pod is going, and captured
/// traffic finds nobody else. It is Istio's `MINIMUM_DRAIN_DURATION`.
const LEAST: Duration = Duration::from_secs(5);

/// How often it is looked whether connections are open.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until no connection is open, for at least some seconds and at most as long as the configuration says.
pub(super) async fn drained(context: &Context, longest: Duration) {
    let started = Instant::now();
    loop {
        let elapsed = started.elapsed();
        let idle = context.open.load(Ordering::Relaxed) == 0;
        if elapsed >= longest || (idle && elapsed >= LEAST) {
            return;
        }
        tokio::time::sleep(LOOK_EVERY.min(longest - elapsed)).await;
    }
}
