//! How many threads.

use std::num::NonZeroUsize;

/// Threads at most where nobody says how many: what a sidecar needs, and what Istio gives Envoy.
const MOST: usize = 2;

/// The CPU limit of the container, rounded up, at most two; without a limit the CPUs of the host count.
pub(super) fn of_container() -> usize {
    let limit = std::fs::read_to_string("/sys/fs/cgroup/cpu.max").ok().and_then(|text| limit(&text));
    let cpus = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    limit.unwrap_or_else(cpus).clamp(1, MOST)
}

/// What `cpu.max` of cgroup v2 says: microseconds in a period, or `max`.
fn limit(text: &str) -> Option<usize> {
    let (quota, period) = text.trim().split_once(' ')?;
    let (quota, period): (usize, usize) = (quota.parse().ok()?, period.parse().ok()?);
    (period > 0).then(|| quota.div_ceil(period))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_rounded_up() {
        assert_eq!(limit("150000 100000\n"), Some(2));
        assert_eq!(limit("50000 100000\n"), Some(1));
        assert_eq!(limit("max 100000\n"), None);
        assert_eq!(limit("1 0"), None);
        assert!((1..=MOST).contains(&of_container()));
    }
}
