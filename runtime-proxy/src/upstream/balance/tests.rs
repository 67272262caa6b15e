//! Laws of balancing.

use proptest::prelude::*;

use super::super::endpoint::{Address, Endpoint};
use super::*;

fn endpoints(count: usize) -> Vec<Arc<Endpoint>> {
    let address = |number| Address::Tcp(([10, 0, 0, number], 80).into());
    (1..=count).map(|number| Endpoint::new(address(u8::try_from(number).unwrap()), false, None)).collect()
}

fn addresses(count: usize) -> Vec<String> {
    keys(&endpoints(count))
}

/// How often each endpoint is picked.
fn counts(picker: &Picker, picks: u64) -> Vec<u64> {
    let mut counts = vec![0; picker.endpoints.len()];
    for number in 0..picks {
        let hash = super::super::hash(&number.to_le_bytes());
        let picked = picker.pick(hash, 0).unwrap();
        counts[picker.endpoints.iter().position(|one| one.id == picked.id).unwrap()] += 1;
    }
    counts
}

/// Whether shares are in proportion to weights, each within this fraction of what it should be.
fn in_proportion(counts: &[u64], weights: &[f64], tolerance: f64) -> bool {
    let picks: u64 = counts.iter().sum();
    let total: f64 = weights.iter().sum();
    counts.iter().zip(weights).all(|(count, weight)| {
        let expected = picks as f64 * weight / total;
        (*count as f64 - expected).abs() <= expected * tolerance + 1.0
    })
}

#[test]
fn turns_are_taken_one_after_the_other() {
    let picker = Picker::new(Policy::RoundRobin, endpoints(3), vec![1.0; 3]);
    let ids: Vec<u64> = (0..6).map(|_| picker.pick(0, 0).unwrap().id).collect();
    assert_eq!(ids[..3], ids[3..]);
    assert_eq!(counts(&picker, 300), [100, 100, 100]);
}

#[test]
fn the_less_busy_of_two_is_picked() {
    let picker = Picker::new(Policy::LeastRequest, endpoints(2), vec![1.0; 2]);
    let busy = picker.endpoints[0].begin();
    assert_eq!(counts(&picker, 100), [0, 100]);
    drop(busy);
    let both = counts(&picker, 1_000);
    assert!(both.iter().all(|count| *count > 300), "{both:?}");

    let picker = Picker::new(Policy::LeastRequest, endpoints(10), vec![1.0; 10]);
    let _busy = picker.endpoints[3].begin();
    let counts = counts(&picker, 1_000);
    assert_eq!(counts[3], 0, "against an idle one it always loses");
}

#[test]
fn weights_and_requests_both_count() {
    let picker = Picker::new(Policy::LeastRequest, endpoints(2), vec![3.0, 1.0]);
    assert!(in_proportion(&counts(&picker, 1_000), &[3.0, 1.0], 0.02));
    let _busy: Vec<_> = (0..2).map(|_| picker.endpoints[0].begin()).collect();
    // A third of the weight with two requests on the way.
    assert!(in_proportion(&counts(&picker, 1_000), &[1.0, 1.0], 0.02));
}

#[test]
fn random_reaches_all_and_ignores_weights_as_envoy_does() {
    let picker = Picker::new(Policy::Random, endpoints(4), vec![1.0, 9.0, 1.0, 1.0]);
    assert!(in_proportion(&counts(&picker, 40_000), &[1.0; 4], 0.1));
}

#[test]
fn rings_and_tables_have_the_size_of_the_settings() {
    use meshc_contract::proxy::{ConsistentHash, LoadBalancing};
    let maglev = |size| LoadBalancing::ConsistentHash(ConsistentHash::Maglev { table_size: size });
    let ring = |size| LoadBalancing::ConsistentHash(ConsistentHash::RingHash { minimum_size: size });
    assert_eq!(Policy::compile(maglev(None)), Ok(Policy::Maglev(65_537)));
    assert_eq!(Policy::compile(maglev(Some(11))), Ok(Policy::Maglev(11)));
    assert_eq!(Policy::compile(ring(None)), Ok(Policy::Ring(1_024)));
    for size in [0, 1, 12, 5_000_021] {
        assert!(Policy::compile(maglev(Some(size))).unwrap_err().contains("prime"), "{size}");
    }
}

#[test]
fn small_rings_and_tables_still_have_everybody() {
    for (policy, size) in
        [(Policy::Ring(1), 3), (Policy::Ring(0), 3), (Policy::Maglev(3), 3), (Policy::Maglev(2), 2)]
    {
        let picker = Picker::new(policy, endpoints(3), vec![1.0; 3]);
        let reached = counts(&picker, 1_000).iter().filter(|count| **count > 0).count();
        assert_eq!(reached, size.min(reached.max(1)), "{policy:?}");
        assert!(picker.pick(u64::MAX, 0).is_some() && picker.pick(0, 5).is_some());
    }
    assert!(Picker::new(Policy::Ring(1_024), Vec::new(), Vec::new()).pick(1, 0).is_none());
}

#[test]
fn further_attempts_for_a_hash_look_elsewhere() {
    for policy in [Policy::Ring(1_024), Policy::Maglev(65_537)] {
        let picker = Picker::new(policy, endpoints(5), vec![1.0; 5]);
        let mut ids: Vec<u64> = (0..32).map(|attempt| picker.pick(42, attempt).unwrap().id).collect();
        assert_eq!(picker.pick(42, 0).unwrap().id, ids[0]);
        ids.sort_unstable();
        ids.dedup();
        assert!(ids.len() > 1, "{policy:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// With as many entries for each endpoint as before, only the keys of the one that goes move.
    #[test]
    fn a_ring_without_an_endpoint_moves_its_keys_alone(count in 2_usize..20, gone in any::<prop::sample::Index>(), hashes in prop::collection::vec(any::<u64>(), 64)) {
        let all = addresses(count);
        let gone = gone.index(count);
        let mut left = all.clone();
        left.remove(gone);
        let before = Ring::new(&all, &vec![1.0; count], 100 * count as u64);
        let after = Ring::new(&left, &vec![1.0; count - 1], 100 * (count as u64 - 1));
        for hash in hashes {
            let (was, is) = (&all[before.pick(hash, 0).unwrap()], &left[after.pick(hash, 0).unwrap()]);
            prop_assert!(was == is || *was == all[gone]);
        }
    }

    /// A table moves few keys besides.
    #[test]
    fn a_table_without_an_endpoint_moves_few_other_keys(count in 3_usize..12, gone in any::<prop::sample::Index>()) {
        let all = addresses(count);
        let gone = gone.index(count);
        let mut left = all.clone();
        left.remove(gone);
        let before = Maglev::new(&all, &vec![1.0; count], 5_003);
        let after = Maglev::new(&left, &vec![1.0; count - 1], 5_003);
        let moved = (0..5_003).filter(|hash| {
            let (was, is) = (&all[before.pick(*hash, 0).unwrap()], &left[after.pick(*hash, 0).unwrap()]);
            was != is && *was != all[gone]
        });
        prop_assert!(moved.count() < 5_003 / 8);
    }

    #[test]
    fn weights_are_respected(weights in prop::collection::vec(1_u32..10, 2..6)) {
        let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
        for (policy, tolerance) in [(Policy::RoundRobin, 0.05), (Policy::Maglev(5_003), 0.2), (Policy::Ring(20_000), 0.2)] {
            let picker = Picker::new(policy, endpoints(weights.len()), weights.clone());
            let counts = counts(&picker, 20_000);
            prop_assert!(in_proportion(&counts, &weights, tolerance), "{:?}: {:?} of {:?}", policy, counts, weights);
        }
    }
}
