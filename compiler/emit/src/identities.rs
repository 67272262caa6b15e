//! `identities.yaml`: what `meshc ca issue` or another issuer must fulfil.

use meshc_contract::{
    IDENTITY_REQUESTS_VERSION, IdentityRequest, IdentityRequests, Lifetime, SecretRef, SpiffeId,
};
use meshc_plan::{IdentityPlan, Plan};

use crate::artifact::{ArtifactPath, ArtifactSet};
use crate::yaml;

/// Longest name of a Kubernetes Secret.
const LONGEST_NAME: usize = 253;

/// The requests of a plan. Its identities are all of one trust domain, that of the mesh; `trust_domain` is what the file says
/// when there is none.
#[must_use]
pub fn requests(plan: &Plan, trust_domain: &str, ttl: Lifetime) -> IdentityRequests {
    let request = |(id, IdentityPlan { workloads }): (&SpiffeId, &IdentityPlan)| IdentityRequest {
        spiffe_id: id.clone(),
        ttl,
        workloads: workloads.iter().cloned().collect(),
        secret: secret(id),
    };
    IdentityRequests {
        version: IDENTITY_REQUESTS_VERSION,
        trust_domain: trust_domain.to_owned(),
        requests: plan.identities.iter().map(request).collect(),
    }
}

/// The file `identities.yaml`.
#[must_use]
pub fn emit(requests: &IdentityRequests) -> ArtifactSet {
    let mut set = ArtifactSet::new();
    // A structure of strings and numbers always has a JSON value.
    let value = serde_json::to_value(requests).unwrap_or_default();
    set.insert(ArtifactPath::new(["identities.yaml"]), yaml::to_string(&value));
    set
}

/// The Secret that proxies with an identity mount.
#[must_use]
pub fn secret(id: &SpiffeId) -> SecretRef {
    let SpiffeId { trust_domain: _, namespace, service_account } = id;
    let name = format!("meshc-sa-{service_account}");
    let name = if name.len() <= LONGEST_NAME {
        name
    } else {
        let hash = crate::hash::fnv1a(service_account);
        let kept: String = name.chars().take(LONGEST_NAME - 17).collect();
        format!("{}-{hash:016x}", kept.trim_end_matches(['-', '.']))
    };
    SecretRef { namespace: namespace.clone(), name }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use meshc_contract::{Lifetime, SpiffeId, WorkloadRef};
    use meshc_plan::{IdentityPlan, Plan};

    use super::{emit, requests, secret};

    fn id(service_account: &str) -> SpiffeId {
        SpiffeId {
            trust_domain: "cluster.local".into(),
            namespace: "shop".into(),
            service_account: service_account.into(),
        }
    }

    #[test]
    fn requests_list_every_identity_with_its_workloads_and_secret() {
        let workload = |name: &str| WorkloadRef { namespace: "shop".into(), name: name.into() };
        let workloads = BTreeSet::from([workload("cart-v2"), workload("cart-v1")]);
        let plan = Plan {
            proxies: BTreeMap::new(),
            identities: BTreeMap::from([(id("cart"), IdentityPlan { workloads })]),
            headless_services: Vec::new(),
        };
        let set = emit(&requests(&plan, "cluster.local", Lifetime::ISTIO_DEFAULT));
        let expected = "\
requests:
- secret:
    name: meshc-sa-cart
    namespace: shop
  spiffeId: spiffe://cluster.local/ns/shop/sa/cart
  ttl: 24h
  workloads:
  - name: cart-v1
    namespace: shop
  - name: cart-v2
    namespace: shop
trustDomain: cluster.local
version: 1
";
        assert_eq!(
            set.get("identities.yaml").map(crate::artifact::Content::to_text).as_deref(),
            Some(expected)
        );
    }

    #[test]
    fn a_long_service_account_still_has_a_secret_of_its_own() {
        let (one, two) =
            (secret(&id(&format!("{}1", "a".repeat(252)))), secret(&id(&format!("{}2", "a".repeat(252)))));
        assert!(one.name.len() <= 253 && two.name.len() <= 253);
        assert_ne!(one.name, two.name);
    }
}
