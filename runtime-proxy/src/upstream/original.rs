//! Endpoints of upstreams that go where the client dialled: made when they are dialled first, forgotten when idle.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::endpoint::{Address, Endpoint, Tenure};

/// Addresses that are remembered. Beyond them the one that was dialled the longest ago and is idle is forgotten.
const LIMIT: usize = 1_024;

/// Endpoints that were dialled.
#[derive(Debug, Default)]
pub(super) struct Originals(Mutex<Dialled>);

#[derive(Debug, Default)]
struct Dialled {
    endpoints: BTreeMap<SocketAddr, (Tenure, u64)>,
    /// Counts calls, so that the oldest is known without a clock.
    calls: u64,
}

impl Originals {
    /// The endpoint of an address.
    pub(super) fn get(&self, address: SocketAddr) -> Arc<Endpoint> {
        let mut dialled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        dialled.calls += 1;
        let calls = dialled.calls;
        if let Some((tenure, last)) = dialled.endpoints.get_mut(&address) {
            *last = calls;
            return tenure.endpoint().clone();
        }
        if dialled.endpoints.len() >= LIMIT {
            dialled.forget();
        }
        let tenure = Tenure::new(Endpoint::new(Address::Tcp(address), false, None));
        let endpoint = tenure.endpoint().clone();
        if dialled.endpoints.len() < LIMIT {
            dialled.endpoints.insert(address, (tenure, calls));
        }
        endpoint
    }

    /// All that are remembered.
    pub(super) fn list(&self) -> Vec<Arc<Endpoint>> {
        let dialled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        dialled.endpoints.values().map(|(tenure, _)| tenure.endpoint().clone()).collect()
    }
}

impl Dialled {
    /// Makes room: forgets a part of those that are idle, so that it is not to be done for each further address.
    fn forget(&mut self) {
        let idle = self.endpoints.iter().filter(|(_, (tenure, _))| tenure.endpoint().active() == 0);
        let mut idle: Vec<(u64, SocketAddr)> = idle.map(|(address, (_, last))| (*last, *address)).collect();
        idle.sort_unstable();
        for (_, address) in idle.into_iter().take(LIMIT / 8) {
            self.endpoints.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: usize) -> SocketAddr {
        let number = u16::try_from(number).unwrap();
        SocketAddr::from(([10, 0, (number >> 8) as u8, number as u8], 80))
    }

    #[test]
    fn an_address_keeps_its_endpoint_and_idle_ones_make_room() {
        let originals = Originals::default();
        let dialled = originals.get(address(0));
        let busy = dialled.begin();
        let old = originals.get(address(1));
        assert_eq!(old.id, originals.get(address(1)).id);
        for number in 2..LIMIT {
            originals.get(address(number));
        }
        let old_again = originals.get(address(1));
        assert_eq!(old.id, old_again.id);
        let forgotten = originals.get(address(2));
        originals.get(address(2 + LIMIT));
        originals.get(address(3 + LIMIT));
        assert!(originals.list().len() <= LIMIT);
        assert!(!dialled.is_retired() && !old.is_retired() && forgotten.id == originals.get(address(2)).id);
        drop(busy);
        let third = originals.get(address(3));
        assert!(originals.list().iter().any(|endpoint| endpoint.id == third.id));
    }

    #[test]
    fn when_all_are_busy_the_number_stays_bounded() {
        let originals = Originals::default();
        let _busy: Vec<_> = (0..LIMIT + 10).map(|number| originals.get(address(number)).begin()).collect();
        assert_eq!(originals.list().len(), LIMIT);
        assert!(originals.get(address(LIMIT + 5)).is_retired());
    }
}
