//! Chains, as rustls verifies them.

use std::slice::from_ref;
use std::time::Duration;

use meshc_ca::{
    CaError, CaMaterial, IssueOptions, Issued, Issuer, KeyAlgorithm, PrivateKey, Signer, init, inspect_pem,
    issue, issue_all,
};
use meshc_contract::IdentityRequest;
use proptest::prelude::*;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use time::OffsetDateTime;

use crate::mesh::{NOW, authority, bookinfo, issuer, options, request, requests};

pub(crate) fn verify(issued: &Issued, at: OffsetDateTime) -> Result<(), webpki::Error> {
    verify_under(&issued.certificate_chain_pem().unwrap(), issued.roots_pem(), at)
}

/// Whether a peer with these roots takes this `tls.crt`, as a client and as a server.
pub(crate) fn verify_under(chain: &str, roots: &str, at: OffsetDateTime) -> Result<(), webpki::Error> {
    let read = |text: &str| -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<_, _>>().unwrap()
    };
    let (chain, roots) = (read(chain), read(roots));
    let anchors: Vec<_> =
        roots.iter().map(|root| webpki::anchor_from_trusted_cert(root)).collect::<Result<_, _>>()?;
    let leaf = webpki::EndEntityCert::try_from(&chain[0]).unwrap();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(at.unix_timestamp().try_into().unwrap()));
    for usage in [webpki::KeyUsage::client_auth(), webpki::KeyUsage::server_auth()] {
        let algorithms = webpki::ALL_VERIFICATION_ALGS;
        leaf.verify_for_usage(algorithms, &anchors, &chain[1..], at, usage, None, None)?;
    }
    Ok(())
}

fn one(request: &IdentityRequest, issuer: &Issuer) -> Result<Issued, CaError> {
    issue(request, issuer, &IssueOptions::default(), NOW)
}

#[test]
fn every_leaf_verifies_under_the_root_while_it_is_valid_and_not_outside() {
    let issuer = issuer(authority());
    let issued = issue_all(&bookinfo(), &issuer, &IssueOptions::default(), NOW).unwrap();
    assert_eq!(issued.len(), 3);
    for leaf in &issued {
        for at in [leaf.not_before, NOW, leaf.not_after] {
            assert_eq!(verify(leaf, at), Ok(()), "{at}");
        }
        assert!(verify(leaf, leaf.not_before - Duration::from_secs(1)).is_err());
        assert!(verify(leaf, leaf.not_after + Duration::from_secs(1)).is_err());
    }
}

#[test]
fn a_p384_root_verifies_too() {
    let material = init(&options(KeyAlgorithm::EcdsaP384), NOW).unwrap();
    assert_eq!(material.root.key.algorithm(), KeyAlgorithm::EcdsaP384);
    assert_eq!(material.intermediate.key.algorithm(), KeyAlgorithm::EcdsaP256);
    let leaf = one(&request("a", "b", "1h"), &issuer(material)).unwrap();
    assert_eq!(verify(&leaf, NOW), Ok(()));
}

#[test]
fn a_leaf_is_an_svid_and_nothing_else() {
    let leaf = one(&request("bookinfo", "bookinfo-reviews", "24h"), &issuer(authority())).unwrap();
    let chain = inspect_pem(&leaf.certificate_chain_pem().unwrap(), "tls.crt").unwrap();
    let facts = &chain[0];
    assert_eq!(chain.len(), 2, "leaf and intermediate, no root");
    assert_eq!(facts.uris, ["spiffe://cluster.local/ns/bookinfo/sa/bookinfo-reviews"]);
    assert_eq!((facts.subject.as_str(), facts.names_critical), ("", true));
    assert_eq!(facts.other_names, [""; 0]);
    assert_eq!(facts.key_usages, ["digitalSignature"]);
    assert_eq!(facts.extended_key_usages, ["serverAuth", "clientAuth"]);
    assert_eq!((facts.is_ca, facts.path_length), (false, None));
    assert_eq!(facts.unknown_critical, [""; 0]);
    assert_eq!(facts.issuer, chain[1].subject);
    assert_eq!(NOW - facts.not_before, time::Duration::minutes(1));
    assert_eq!(facts.not_after - NOW, time::Duration::hours(24));
    assert_eq!(facts.serial.split(':').count(), 16, "128 bits");
}

#[test]
fn authorities_state_their_trust_domain_and_how_deep_they_reach() {
    let leaf = one(&request("a", "b", "1h"), &issuer(authority())).unwrap();
    let root = &inspect_pem(leaf.roots_pem(), "ca.crt").unwrap()[0];
    let intermediate = &inspect_pem(&leaf.certificate_chain_pem().unwrap(), "tls.crt").unwrap()[1];
    for (facts, path_length) in [(root, 1), (intermediate, 0)] {
        assert_eq!((facts.is_ca, facts.path_length), (true, Some(path_length)));
        assert_eq!(facts.uris, ["spiffe://cluster.local"]);
        assert_eq!(facts.key_usages, ["keyCertSign", "cRLSign"]);
        assert!(facts.subject.contains("O=cluster.local"), "{}", facts.subject);
        assert_eq!(facts.issuer, root.subject);
    }
    assert_ne!(root.subject, intermediate.subject);
}

#[test]
fn two_leaves_of_one_request_differ_in_key_and_serial() {
    let (issuer, request) = (issuer(authority()), request("a", "b", "1h"));
    let (first, second) = (one(&request, &issuer).unwrap(), one(&request, &issuer).unwrap());
    assert_ne!(first.key.public_key(), second.key.public_key());
    assert_ne!(first.certificate, second.certificate);
}

#[test]
fn a_leaf_never_outlives_its_issuer() {
    let mut short = options(KeyAlgorithm::EcdsaP256);
    short.intermediate_lifetime = "2h".parse().unwrap();
    let issuer = issuer(init(&short, NOW).unwrap());
    let leaf = one(&request("a", "b", "24h"), &issuer).unwrap();
    assert!(leaf.shortened);
    assert_eq!(leaf.not_after, issuer.not_after());
    assert_eq!(verify(&leaf, leaf.not_after), Ok(()));
    assert!(!one(&request("a", "b", "1h"), &issuer).unwrap().shortened);
}

#[test]
fn an_authority_that_is_not_valid_now_signs_nothing() {
    let issuer = issuer(authority());
    for now in [NOW - time::Duration::days(1), NOW + time::Duration::days(366)] {
        let error = issue(&request("a", "b", "1h"), &issuer, &IssueOptions::default(), now).unwrap_err();
        assert!(matches!(error, CaError::IssuerNotValid { .. }), "{error}");
    }
}

#[test]
fn requests_that_contradict_themselves_or_the_authority_are_refused_before_anything_is_signed() {
    let issuer = issuer(authority());
    let good = request("a", "b", "1h");
    let mut other_domain = good.clone();
    other_domain.spiffe_id.trust_domain = "other.test".to_owned();
    let mut traversal = good.clone();
    traversal.spiffe_id.service_account = "..".to_owned();
    let mut elsewhere = good.clone();
    elsewhere.secret.namespace = "kube-system".to_owned();
    let mut bad_secret = good.clone();
    bad_secret.secret.name = "a/../b".to_owned();
    let long = request("a", "c", "91d");
    for (wrong, says) in [
        (vec![good.clone(), other_domain], "cluster.local"),
        (vec![good.clone(), traversal], "service account `..`"),
        (vec![good.clone(), elsewhere], "own namespace"),
        (vec![good.clone(), bad_secret], "Secret `a/../b`"),
        (vec![good.clone(), long], "--max-ttl"),
        (vec![good.clone(), good.clone()], "twice"),
    ] {
        let error = issue_all(&requests(wrong), &issuer, &IssueOptions::default(), NOW).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let mut foreign = requests(vec![good]);
    foreign.trust_domain = "other.test".to_owned();
    assert!(issue_all(&foreign, &issuer, &IssueOptions::default(), NOW).is_err());
}

#[test]
fn an_issuer_whose_parts_do_not_belong_together_is_refused() {
    let (one, other) = (authority(), authority());
    let wrong_key = Issuer::new(
        from_ref(&one.intermediate.certificate),
        from_ref(&one.root.certificate),
        Box::new(other.intermediate.key),
    );
    assert!(wrong_key.err().unwrap().to_string().contains("the key does not belong"));
    let CaMaterial { root, intermediate } = one;
    let chain = [intermediate.certificate];
    let key = intermediate.key.to_pem().unwrap();
    let key = || Box::new(PrivateKey::from_pem(key.as_bytes(), "intermediate").unwrap());
    let wrong_root = Issuer::new(&chain, from_ref(&other.root.certificate), key());
    assert!(wrong_root.err().unwrap().to_string().contains("root.crt"));
    assert!(Issuer::new(&chain, &[], key()).is_err());
    assert!(Issuer::new(&[], from_ref(&root.certificate), key()).is_err());
    let both_roots = Issuer::new(&chain, &[other.root.certificate, root.certificate.clone()], key());
    assert!(both_roots.is_ok(), "during a rotation there are two roots");
}

#[test]
fn a_leaf_may_not_issue() {
    let CaMaterial { root, intermediate } = authority();
    let chain = [intermediate.certificate];
    let issuer = Issuer::new(&chain, from_ref(&root.certificate), Box::new(intermediate.key)).unwrap();
    let leaf = one(&request("a", "b", "1h"), &issuer).unwrap();
    let as_issuer = Issuer::new(&[leaf.certificate], &[root.certificate], Box::new(leaf.key));
    assert!(as_issuer.err().unwrap().to_string().contains("not an authority"));
}

#[test]
fn what_a_remote_signer_says_reaches_the_user() {
    struct Unreachable(PrivateKey);
    impl Signer for Unreachable {
        fn algorithm(&self) -> KeyAlgorithm {
            self.0.algorithm()
        }
        fn public_key(&self) -> &[u8] {
            self.0.public_key()
        }
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, CaError> {
            Err(CaError::Sign { reason: "the KMS denies `kms:Sign`".to_owned() })
        }
    }
    let CaMaterial { root, intermediate } = authority();
    let signer = Box::new(Unreachable(intermediate.key));
    let issuer = Issuer::new(&[intermediate.certificate], &[root.certificate], signer).unwrap();
    let error = one(&request("a", "b", "1h"), &issuer).unwrap_err();
    assert!(error.to_string().contains("the KMS denies"), "{error}");
}

#[test]
fn an_intermediate_cannot_be_made_to_outlive_its_root() {
    let mut wrong = options(KeyAlgorithm::EcdsaP256);
    wrong.intermediate_lifetime = "3651d".parse().unwrap();
    assert!(init(&wrong, NOW).is_err());
    wrong.root_lifetime = "9999999d".parse().unwrap();
    assert!(init(&wrong, NOW).unwrap_err().to_string().contains("9999"));
    wrong = options(KeyAlgorithm::EcdsaP256);
    wrong.trust_domain = "Not/A/Domain".to_owned();
    assert!(matches!(init(&wrong, NOW), Err(CaError::Name { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_leaf_verifies_and_carries_exactly_its_spiffe_id(
        namespace in "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
        account in "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?){0,4}",
        seconds in 1_u64..=7_776_000,
        domain in "[a-z0-9._-]{1,80}",
    ) {
        let mut options = options(KeyAlgorithm::EcdsaP256);
        options.trust_domain.clone_from(&domain);
        let issuer = issuer(init(&options, NOW).unwrap());
        let mut request = request(&namespace, &account, &format!("{seconds}s"));
        request.spiffe_id.trust_domain = domain;
        let leaf = one(&request, &issuer).unwrap();
        prop_assert_eq!(verify(&leaf, NOW), Ok(()));
        let facts = &inspect_pem(&leaf.certificate_chain_pem().unwrap(), "tls.crt").unwrap()[0];
        prop_assert_eq!(&facts.uris, &[request.spiffe_id.to_string()]);
        prop_assert!(facts.other_names.is_empty() && facts.names_critical && !facts.is_ca);
        prop_assert_eq!((leaf.not_after - NOW).whole_seconds(), i64::try_from(seconds).unwrap());
    }
}
