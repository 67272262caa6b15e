//! How load is shared by priorities, from how many of their endpoints are healthy. The rules are Envoy's.

/// The endpoints of a priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Health {
    /// All.
    pub(super) all: usize,
    /// Those that are healthy.
    pub(super) healthy: usize,
}

/// The load of a priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Load {
    /// Percent of all.
    pub(super) percent: u64,
    /// Whether all of its endpoints take it, healthy or not.
    pub(super) panic: bool,
}

/// Envoy's overprovisioning factor in percent: a priority takes its whole load until less than 1/1.4 of it is healthy.
pub(super) const OVERPROVISIONING: u64 = 140;

/// The loads of priorities; all zero if nobody can take any. The panic threshold is in percent.
pub(super) fn loads(priorities: &[Health], panic_threshold: f64) -> Vec<Load> {
    let availability: Vec<u64> = priorities.iter().map(|health| available(*health)).collect();
    let total = availability.iter().sum::<u64>().min(100);
    let panic: Vec<bool> = priorities.iter().map(|health| panics(*health, total, panic_threshold)).collect();
    if panic.iter().all(|panics| *panics) {
        // Health says nothing any longer, numbers do.
        let all: Vec<u64> = priorities.iter().map(|health| health.all as u64).collect();
        return with_panic(&shared(&all, all.iter().sum()), &panic);
    }
    with_panic(&shared(&availability, total), &panic)
}

/// Percent of its load that a priority can take.
pub(super) fn available(health: Health) -> u64 {
    (OVERPROVISIONING * health.healthy as u64).checked_div(health.all as u64).unwrap_or(0).min(100)
}

fn panics(health: Health, total: u64, threshold: f64) -> bool {
    if total >= 100 || threshold <= 0.0 {
        return false;
    }
    let healthy = if health.all == 0 { 0.0 } else { 100.0 * health.healthy as f64 / health.all as f64 };
    total == 0 || healthy < threshold
}

/// 100 percent in proportion to parts, in order of priority, the rest of rounding to the first that has any.
pub(super) fn shared(parts: &[u64], total: u64) -> Vec<u64> {
    let mut left = 100;
    let mut shares: Vec<u64> = parts
        .iter()
        .map(|part| {
            let share = (part * 100).checked_div(total).unwrap_or(0).min(left);
            left -= share;
            share
        })
        .collect();
    if let Some(first) = shares.iter_mut().find(|share| **share > 0) {
        *first += left;
    }
    shares
}

fn with_panic(percents: &[u64], panic: &[bool]) -> Vec<Load> {
    percents.iter().zip(panic).map(|(percent, panic)| Load { percent: *percent, panic: *panic }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn percents(healths: &[(usize, usize)], threshold: f64) -> Vec<(u64, bool)> {
        let healths: Vec<_> =
            healths.iter().map(|(healthy, all)| Health { all: *all, healthy: *healthy }).collect();
        loads(&healths, threshold).iter().map(|load| (load.percent, load.panic)).collect()
    }

    /// The example of Envoy's documentation of priority levels.
    #[test]
    fn the_next_priority_takes_what_the_first_cannot() {
        let of_100 = |healthy| {
            percents(&[(healthy, 100), (100, 100)], 0.0).iter().map(|(p, _)| *p).collect::<Vec<_>>()
        };
        for (healthy, expected) in
            [(100, [100, 0]), (72, [100, 0]), (71, [99, 1]), (50, [70, 30]), (25, [35, 65]), (0, [0, 100])]
        {
            assert_eq!(of_100(healthy), expected, "{healthy} % healthy");
        }
        assert_eq!(percents(&[(25, 100), (25, 100)], 0.0), [(50, false), (50, false)]);
    }

    #[test]
    fn panic_uses_every_endpoint_unless_it_is_off() {
        assert_eq!(percents(&[(1, 3)], 50.0), [(100, true)]);
        assert_eq!(percents(&[(1, 3)], 0.0), [(100, false)]);
        assert_eq!(percents(&[(0, 3)], 50.0), [(100, true)]);
        assert_eq!(percents(&[(0, 3)], 0.0), [(0, false)]);
        assert_eq!(percents(&[(0, 0)], 50.0), [(0, true)]);
        // Never where the priorities together can take everything.
        assert_eq!(percents(&[(1, 10), (10, 10)], 50.0), [(14, false), (86, false)]);
        // In total panic, numbers of endpoints share the load.
        assert_eq!(percents(&[(0, 3), (0, 1)], 50.0), [(75, true), (25, true)]);
    }

    proptest! {
        #[test]
        fn loads_are_everything_or_nothing(healths in prop::collection::vec((0_usize..20, 0_usize..20), 1..5), threshold in 0.0..100.0) {
            let healths: Vec<_> = healths.iter().map(|(one, other)| Health { all: one.max(other).to_owned(), healthy: *one.min(other) }).collect();
            let loads = loads(&healths, threshold);
            let total: u64 = loads.iter().map(|load| load.percent).sum();
            prop_assert!(total == 100 || total == 0);
            for (load, health) in loads.iter().zip(&healths) {
                prop_assert!(load.percent == 0 || health.healthy > 0 || (load.panic && health.all > 0));
            }
            prop_assert_eq!(total == 0, healths.iter().all(|health| health.healthy == 0) && (threshold <= 0.0 || healths.iter().all(|health| health.all == 0)));
        }
    }
}
