//! Identities that proxies need; `meshc ca` or another issuer fulfils them.

use std::collections::BTreeSet;

use meshc_contract::WorkloadRef;

/// Who needs an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityPlan {
    /// Workloads whose proxies present it.
    pub workloads: BTreeSet<WorkloadRef>,
}
