//! Values of labels with their numbers.

use std::collections::BTreeMap;

use meshc_contract::proxy::WorkloadLabels;

use super::{Outside, PeerId, TargetId};

/// Most peers and targets that are told apart; what comes later is `unknown`, so that nobody can fill the memory with names.
pub(super) const MOST: usize = 20_000;
/// Most hosts that are told apart though no configuration names them: each of them makes seventy lines of a scrape.
pub(super) const MOST_HOSTS: usize = 200;
/// Longest such host: a name of DNS with a port.
pub(super) const LONGEST_HOST: usize = 260;

/// Values that are interned once and never forgotten.
#[derive(Debug, Default)]
pub(in super::super) struct Interner {
    workloads: Table<WorkloadLabels>,
    targets: Table<Target>,
    /// Targets whose host no configuration names.
    hosts: usize,
}

/// A service as labels tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Target {
    pub(in super::super) host: String,
    pub(in super::super) name: String,
    pub(in super::super) namespace: String,
}

#[derive(Debug)]
struct Table<T> {
    numbers: BTreeMap<T, u32>,
    values: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), values: Vec::new() }
    }
}

impl<T: Ord + Clone + Default> Table<T> {
    fn number(&mut self, value: &T) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let value = if self.values.len() < MOST { value.clone() } else { T::default() };
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(value.clone()).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        number
    }

    fn value(&self, number: u32) -> T {
        usize::try_from(number).ok().and_then(|at| self.values.get(at)).cloned().unwrap_or_default()
    }
}

impl Interner {
    pub(in super::super) fn workload(&mut self, labels: &WorkloadLabels) -> PeerId {
        PeerId(self.workloads.number(labels))
    }

    pub(in super::super) fn workload_of(&self, id: PeerId) -> WorkloadLabels {
        self.workloads.value(id.0)
    }

    pub(in super::super) fn target(&mut self, target: &Target) -> TargetId {
        TargetId(self.targets.number(target))
    }

    /// A target whose host a client names, as long as there are few of them; without the host later on.
    pub(super) fn outside(&mut self, outside: Outside, host: &str) -> TargetId {
        let target = |host: &str| Target {
            host: host.to_owned(),
            name: outside.name().to_owned(),
            namespace: String::new(),
        };
        let named = target(host);
        if self.targets.numbers.contains_key(&named) {
            return self.target(&named);
        }
        if self.hosts >= MOST_HOSTS || host.len() > LONGEST_HOST {
            return self.target(&target(""));
        }
        self.hosts += 1;
        self.target(&named)
    }

    pub(in super::super) fn target_of(&self, id: TargetId) -> Target {
        self.targets.value(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_no_configuration_names_are_told_apart_up_to_a_limit() {
        let mut interner = Interner::default();
        let first = interner.outside(Outside::BlackHole, "0.example");
        for number in 1..2 * MOST_HOSTS {
            interner.outside(Outside::BlackHole, &format!("{number}.example"));
        }
        assert_eq!(interner.outside(Outside::BlackHole, "0.example"), first);
        assert_eq!(interner.target_of(first).host, "0.example");
        for (outside, name) in
            [(Outside::BlackHole, "BlackHoleCluster"), (Outside::Passthrough, "PassthroughCluster")]
        {
            let late = interner.outside(outside, "late.example");
            let Target { host, name: told, namespace } = interner.target_of(late);
            assert_eq!((host.as_str(), told.as_str(), namespace.as_str()), ("", name, ""));
        }
        let long = interner.outside(Outside::BlackHole, &"a".repeat(LONGEST_HOST + 1));
        assert_eq!(interner.target_of(long).host, "");
    }
}
