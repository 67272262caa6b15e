//! A small mesh and an authority for it, at a fixed time.

use meshc_ca::{CaMaterial, InitOptions, Issuer, KeyAlgorithm, init};
use meshc_contract::{IdentityRequest, IdentityRequests, SecretRef, SpiffeId, WorkloadRef};
use time::OffsetDateTime;
use time::macros::datetime;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-24 12:00:00 UTC);

pub(crate) fn options(algorithm: KeyAlgorithm) -> InitOptions {
    InitOptions {
        trust_domain: "cluster.local".to_owned(),
        algorithm,
        root_lifetime: "3650d".parse().unwrap(),
        intermediate_lifetime: "365d".parse().unwrap(),
    }
}

pub(crate) fn authority() -> CaMaterial {
    init(&options(KeyAlgorithm::EcdsaP256), NOW).unwrap()
}

pub(crate) fn issuer(material: CaMaterial) -> Issuer {
    let CaMaterial { root, intermediate } = material;
    Issuer::new(&[intermediate.certificate], &[root.certificate], Box::new(intermediate.key)).unwrap()
}

pub(crate) fn request(namespace: &str, account: &str, ttl: &str) -> IdentityRequest {
    IdentityRequest {
        spiffe_id: SpiffeId {
            trust_domain: "cluster.local".to_owned(),
            namespace: namespace.to_owned(),
            service_account: account.to_owned(),
        },
        ttl: ttl.parse().unwrap(),
        workloads: vec![WorkloadRef { namespace: namespace.to_owned(), name: format!("{account}-v1") }],
        secret: SecretRef { namespace: namespace.to_owned(), name: format!("meshc-sa-{account}") },
    }
}

pub(crate) fn requests(requests: Vec<IdentityRequest>) -> IdentityRequests {
    IdentityRequests { version: 1, trust_domain: "cluster.local".to_owned(), requests }
}

pub(crate) fn bookinfo() -> IdentityRequests {
    requests(vec![
        request("bookinfo", "bookinfo-productpage", "24h"),
        request("bookinfo", "bookinfo-reviews", "24h"),
        request("istio-system", "istio-ingressgateway", "12h"),
    ])
}
