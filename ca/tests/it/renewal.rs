//! When a leaf on disk is kept, and when somebody is told that one ends.

use std::fs;
use std::path::Path;

use meshc_ca::{
    AgeRecipients, CaError, CaProtection, Existing, ExpiryState, IssueOptions, Issuer, KeyAlgorithm,
    KeyProtection, Renewal, RenewalReason, check_expiry, init, issue_all, renewals, write_ca, write_issued,
};
use meshc_contract::IdentityRequests;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use crate::mesh::{NOW, authority, bookinfo, issuer, options, request, requests};

/// One leaf for 24 hours, and all that decides about it.
struct Leaf {
    dir: TempDir,
    requests: IdentityRequests,
    issuer: Issuer,
    options: IssueOptions,
    protection: KeyProtection,
}

impl Leaf {
    fn new(protection: KeyProtection) -> Self {
        let leaf = Self {
            dir: tempfile::tempdir().unwrap(),
            requests: requests(vec![request("bookinfo", "reviews", "24h")]),
            issuer: issuer(authority()),
            options: IssueOptions::default(),
            protection,
        };
        let issued = issue_all(&leaf.requests, &leaf.issuer, &leaf.options, NOW).unwrap();
        write_issued(leaf.dir.path(), &issued, &leaf.protection).unwrap();
        leaf
    }

    fn at(&self, now: OffsetDateTime) -> Result<Renewal, CaError> {
        let Self { dir, requests, issuer, options, protection } = self;
        renewals(dir.path(), requests, issuer, options, protection, now).map(|decisions| decisions[0])
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join("bookinfo/reviews").join(name)
    }
}

fn recipients(count: usize) -> KeyProtection {
    let names: Vec<_> =
        (0..count).map(|_| age::x25519::Identity::generate().to_public().to_string()).collect();
    KeyProtection::Age(AgeRecipients::parse(names.iter().map(String::as_str)).unwrap())
}

fn kept(not_after: OffsetDateTime) -> Renewal {
    Renewal::Keep { not_after }
}

#[test]
fn a_leaf_is_kept_until_half_of_its_life_is_over() {
    for protection in [KeyProtection::Plaintext, recipients(2)] {
        let leaf = Leaf::new(protection);
        let end = NOW + Duration::hours(24);
        for at in [NOW, NOW + Duration::hours(11)] {
            assert_eq!(leaf.at(at).unwrap(), kept(end), "{at}");
        }
        for at in [NOW + Duration::hours(12), end, end + Duration::days(1)] {
            assert_eq!(leaf.at(at).unwrap(), Renewal::Renew(RenewalReason::HalfLife), "{at}");
        }
        assert_eq!(leaf.at(NOW - Duration::hours(1)).unwrap(), Renewal::Renew(RenewalReason::Clock));
    }
}

#[test]
fn a_leaf_is_issued_again_when_any_of_its_inputs_changed() {
    type Change = fn(&mut Leaf);
    let changes: [(Change, RenewalReason); 6] = [
        (|leaf| leaf.requests.requests[0].ttl = "12h".parse().unwrap(), RenewalReason::Lifetime),
        (|leaf| leaf.options.lifetime = "48h".parse().ok(), RenewalReason::Lifetime),
        (|leaf| leaf.requests.requests[0].secret.name = "other".to_owned(), RenewalReason::Secret),
        (|leaf| leaf.issuer = issuer(authority()), RenewalReason::Authority),
        (|leaf| leaf.protection = recipients(1), RenewalReason::Protection),
        (|leaf| leaf.requests.requests[0] = request("bookinfo", "ratings", "24h"), RenewalReason::Absent),
    ];
    for (change, reason) in changes {
        let mut leaf = Leaf::new(KeyProtection::Plaintext);
        assert_eq!(leaf.at(NOW).unwrap(), kept(NOW + Duration::hours(24)));
        change(&mut leaf);
        assert_eq!(leaf.at(NOW).unwrap(), Renewal::Renew(reason));
    }
}

#[test]
fn other_recipients_and_plaintext_instead_of_them_are_other_protections() {
    let mut leaf = Leaf::new(recipients(2));
    for protection in [recipients(2), KeyProtection::Plaintext] {
        leaf.protection = protection;
        assert_eq!(leaf.at(NOW).unwrap(), Renewal::Renew(RenewalReason::Protection));
    }
}

#[test]
fn a_leaf_whose_files_are_damaged_or_mixed_up_is_issued_again() {
    for name in ["tls.crt", "tls.key", "ca.crt", "secret.yaml"] {
        let leaf = Leaf::new(KeyProtection::Plaintext);
        fs::remove_file(leaf.file(name)).unwrap();
        assert_eq!(leaf.at(NOW).unwrap(), Renewal::Renew(RenewalReason::Absent), "{name}");
    }
    for name in ["tls.crt", "secret.yaml"] {
        let leaf = Leaf::new(KeyProtection::Plaintext);
        fs::write(leaf.file(name), [0xff, 0x00]).unwrap();
        assert_eq!(leaf.at(NOW).unwrap(), Renewal::Renew(RenewalReason::Absent), "{name}");
    }
    let leaf = Leaf::new(KeyProtection::Plaintext);
    fs::write(leaf.file("tls.key.age"), "both forms").unwrap();
    assert_eq!(leaf.at(NOW).unwrap(), Renewal::Renew(RenewalReason::Absent));
    let (leaf, other) = (Leaf::new(KeyProtection::Plaintext), Leaf::new(KeyProtection::Plaintext));
    fs::copy(other.file("ca.crt"), leaf.file("ca.crt")).unwrap();
    assert_eq!(leaf.at(NOW).unwrap(), Renewal::Renew(RenewalReason::Authority));
}

#[test]
fn a_certificate_of_another_account_in_the_folder_is_not_kept() {
    let mut leaf = Leaf::new(KeyProtection::Plaintext);
    leaf.requests = requests(vec![request("bookinfo", "ratings", "24h")]);
    let mut of_ratings = request("bookinfo", "ratings", "24h");
    of_ratings.secret.name = "meshc-sa-reviews".to_owned();
    leaf.requests.requests[0] = of_ratings;
    fs::rename(leaf.dir.path().join("bookinfo/reviews"), leaf.dir.path().join("bookinfo/ratings")).unwrap();
    assert_eq!(leaf.at(NOW).unwrap(), Renewal::Renew(RenewalReason::Identity));
}

#[test]
fn a_leaf_that_its_issuer_shortened_is_kept_too() {
    let mut short = options(KeyAlgorithm::EcdsaP256);
    short.intermediate_lifetime = "10h".parse().unwrap();
    let mut leaf = Leaf::new(KeyProtection::Plaintext);
    leaf.issuer = issuer(init(&short, NOW).unwrap());
    let issued = issue_all(&leaf.requests, &leaf.issuer, &leaf.options, NOW).unwrap();
    write_issued(leaf.dir.path(), &issued, &leaf.protection).unwrap();
    assert_eq!(leaf.at(NOW + Duration::hours(4)).unwrap(), kept(NOW + Duration::hours(10)));
}

#[test]
fn names_are_checked_before_any_path_is_made_of_them() {
    let mut leaf = Leaf::new(KeyProtection::Plaintext);
    leaf.requests.requests[0].spiffe_id.service_account = "../../etc".to_owned();
    assert!(matches!(leaf.at(NOW), Err(CaError::Name { .. })));
}

fn states(dir: &Path, within: &str, now: OffsetDateTime) -> Vec<(String, ExpiryState)> {
    let report = check_expiry(&[dir.to_owned()], within.parse().unwrap(), now).unwrap();
    assert_eq!(report.checked, 5, "root, intermediate, three leaves, each once");
    report.expiring.into_iter().map(|expiry| (expiry.name, expiry.state)).collect()
}

#[test]
fn a_check_names_what_ends_within_the_time_the_first_to_end_first() {
    let dir = tempfile::tempdir().unwrap();
    let material = authority();
    let protection = CaProtection { root: KeyProtection::Plaintext, intermediate: KeyProtection::Plaintext };
    write_ca(&dir.path().join("ca"), &material, &protection, Existing::Refuse).unwrap();
    let issued = issue_all(&bookinfo(), &issuer(material), &IssueOptions::default(), NOW).unwrap();
    write_issued(&dir.path().join("certificates"), &issued, &KeyProtection::Plaintext).unwrap();

    assert_eq!(states(dir.path(), "11h", NOW), []);
    let gateway = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway".to_owned();
    assert_eq!(states(dir.path(), "12h", NOW), [(gateway.clone(), ExpiryState::Soon)]);
    let later = states(dir.path(), "366d", NOW + Duration::hours(13));
    assert_eq!(later[0], (gateway, ExpiryState::Expired));
    assert_eq!(later.len(), 4);
    assert!(later[3].0.contains("meshc intermediate"), "{later:?}");
    let before = states(dir.path(), "1h", NOW - Duration::days(1));
    assert!(before.len() == 5 && before.iter().all(|(_, state)| *state == ExpiryState::NotYetValid));
    assert_eq!(states(dir.path(), "99999999999d", NOW).len(), 5);
}

#[test]
fn a_check_of_a_path_that_is_absent_or_no_certificate_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let day = "1d".parse().unwrap();
    assert_eq!(check_expiry(&[dir.path().to_owned()], day, NOW).unwrap().checked, 0);
    let absent = dir.path().join("absent");
    assert!(check_expiry(&[absent], day, NOW).unwrap_err().to_string().contains("absent"));
    fs::write(dir.path().join("wrong.crt"), "text").unwrap();
    assert!(check_expiry(&[dir.path().to_owned()], day, NOW).unwrap_err().to_string().contains("wrong.crt"));
}
