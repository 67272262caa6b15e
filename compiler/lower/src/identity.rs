//! Identities that proxies present.

use std::collections::BTreeMap;

use meshc_contract::SpiffeId;
use meshc_plan::{IdentityPlan, ProxyPlan};

/// One entry for each identity, with the workloads whose proxies present it.
pub(crate) fn identities<'a>(
    proxies: impl Iterator<Item = &'a ProxyPlan>,
) -> BTreeMap<SpiffeId, IdentityPlan> {
    let mut identities: BTreeMap<SpiffeId, IdentityPlan> = BTreeMap::new();
    for proxy in proxies {
        let plan = identities
            .entry(proxy.identity.clone())
            .or_insert_with(|| IdentityPlan { workloads: std::collections::BTreeSet::new() });
        plan.workloads.insert(proxy.workload.clone());
    }
    identities
}
