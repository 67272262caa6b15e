//! Rotations as a user meets them: what each step needs, what it leaves, what it refuses.

use std::fs;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use meshc_ca::{
    AgeIdentities, AgeRecipients, CaError, CaProtection, CertificateFacts, Evidence, Existing, Gap,
    IssueOptions, KeyAlgorithm, KeyProtection, Renewal, RenewalReason, RotationOptions, RotationPhase, Step,
    abort_rotation, add_root, init, inspect_pem, issue_all, leaf_folder, load_issuer, remove_root,
    renew_intermediate, renewals, rotation, switch_root, write_ca, write_issued,
};
use meshc_contract::{IdentityRequests, SpiffeId, WorkloadRef};
use serde_json::json;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use crate::mesh::{NOW, authority, options, request, requests};

/// The end of the life of leaves that are issued now: a day, and the minute by which they reach back.
const LIFE: Duration = Duration::minutes(24 * 60 + 1);

/// Two accounts: one with two workloads, one with a workload that has one.
struct Mesh {
    dir: TempDir,
    requests: IdentityRequests,
    protection: KeyProtection,
    identities: Option<AgeIdentities>,
}

impl Mesh {
    fn new(protection: KeyProtection, identities: Option<AgeIdentities>) -> Self {
        let mesh =
            Self { dir: tempfile::tempdir().unwrap(), requests: two_accounts(), protection, identities };
        write_ca(&mesh.ca(), &authority(), &mesh.both(), Existing::Refuse).unwrap();
        mesh.issue();
        mesh
    }

    fn plaintext() -> Self {
        Self::new(KeyProtection::Plaintext, None)
    }

    fn ca(&self) -> PathBuf {
        self.dir.path().join("ca")
    }

    fn certificates(&self) -> PathBuf {
        self.dir.path().join("certificates")
    }

    fn both(&self) -> CaProtection {
        CaProtection { root: self.protection.clone(), intermediate: self.protection.clone() }
    }

    fn issuer(&self) -> meshc_ca::Issuer {
        load_issuer(&self.ca(), self.identities.as_ref()).unwrap()
    }

    fn issue(&self) {
        let issued = issue_all(&self.requests, &self.issuer(), &IssueOptions::default(), NOW).unwrap();
        write_issued(&self.certificates(), &issued, &self.protection).unwrap();
    }

    /// What an Envoy with the issued certificate of an account answers to `/certs`.
    fn certs(&self, account: usize) -> serde_json::Value {
        let folder = leaf_folder(&self.certificates(), &self.requests.requests[account].spiffe_id);
        let facts = |file: &str| {
            inspect_pem(&fs::read_to_string(folder.join(file)).unwrap(), file).unwrap().remove(0)
        };
        json!({"certificates": [
            {"ca_cert": [details(&facts("ca.crt"))], "cert_chain": [details(&facts("tls.crt"))]},
            {"ca_cert": [], "cert_chain": []},
        ]})
    }

    /// The same of every account, as the evidence of every workload.
    fn loaded(&self) -> Vec<(String, serde_json::Value)> {
        let pods = [(0, "cart-v1-7d9f-x2x4z"), (0, "cart-v2-0"), (1, "payment-abcde")];
        pods.map(|(account, pod)| (format!("shop.{pod}.json"), self.certs(account))).to_vec()
    }

    fn evidence(&self, files: &[(String, serde_json::Value)]) -> Evidence {
        let folder = self.dir.path().join("evidence");
        fs::create_dir_all(&folder).unwrap();
        let read = |files: &[(String, serde_json::Value)]| {
            for (name, content) in files {
                fs::write(folder.join(name), content.to_string()).unwrap();
            }
            Evidence::read(std::slice::from_ref(&folder))
        };
        let evidence = read(files).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        evidence
    }

    fn add(&self) -> Result<Step, CaError> {
        let options = RotationOptions {
            algorithm: KeyAlgorithm::EcdsaP384,
            root_lifetime: "3650d".parse().unwrap(),
            intermediate_lifetime: "365d".parse().unwrap(),
        };
        add_root(&self.ca(), &options, &self.both(), NOW)
    }

    fn switch(&self, evidence: &Evidence) -> Result<Step, CaError> {
        switch_root(&self.ca(), &self.requests, &self.certificates(), evidence, NOW)
    }

    fn remove(&self, evidence: &Evidence, now: OffsetDateTime) -> Result<Step, CaError> {
        remove_root(&self.ca(), &self.requests, &self.certificates(), evidence, now)
    }

    /// Goes to a phase with the evidence that it needs.
    fn to(&self, phase: RotationPhase) -> &Self {
        made(self.add());
        self.issue();
        if phase == RotationPhase::Add {
            return self;
        }
        made(self.switch(&self.evidence(&self.loaded())));
        self.issue();
        if phase == RotationPhase::Done {
            made(self.remove(&self.evidence(&self.loaded()), NOW + LIFE));
            self.issue();
        }
        self
    }

    fn roots(&self) -> Vec<String> {
        let folder = leaf_folder(&self.certificates(), &self.requests.requests[0].spiffe_id);
        let roots = fs::read_to_string(folder.join("ca.crt")).unwrap();
        inspect_pem(&roots, "ca.crt").unwrap().into_iter().map(|facts| facts.subject).collect()
    }
}

fn two_accounts() -> IdentityRequests {
    let workload = |name: &str| WorkloadRef { namespace: "shop".to_owned(), name: name.to_owned() };
    let mut cart = request("shop", "cart", "24h");
    cart.workloads = vec![workload("cart-v1"), workload("cart-v2")];
    let mut payment = request("shop", "payment", "12h");
    payment.workloads = vec![workload("payment")];
    requests(vec![cart, payment])
}

fn details(facts: &CertificateFacts) -> serde_json::Value {
    let names: Vec<_> = facts.uris.iter().map(|uri| json!({"uri": uri})).collect();
    json!({
        "path": "<inline>",
        "serial_number": facts.serial.replace(':', ""),
        "subject_alt_names": names,
        "valid_from": meshc_ca::rfc3339(facts.not_before),
        "expiration_time": meshc_ca::rfc3339(facts.not_after),
    })
}

fn made(step: Result<Step, CaError>) -> meshc_ca::Rotation {
    match step.unwrap() {
        Step::Made(rotation) => rotation,
        other => panic!("{other:?}"),
    }
}

fn gaps(step: Result<Step, CaError>) -> Vec<Gap> {
    match step.unwrap() {
        Step::Refused(gaps) => gaps,
        other => panic!("{other:?}"),
    }
}

fn names(step: Result<Step, CaError>) -> Vec<&'static str> {
    gaps(step).iter().map(Gap::name).collect()
}

fn id(account: &str) -> SpiffeId {
    request("shop", account, "1h").spiffe_id
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn sealed() -> (KeyProtection, AgeIdentities) {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let recipients = AgeRecipients::parse([recipient.as_str()]).unwrap();
    (KeyProtection::Age(recipients), AgeIdentities::parse(identity.to_string().expose_secret()).unwrap())
}

#[test]
fn each_step_changes_who_issues_or_who_is_trusted_never_both() {
    let mesh = Mesh::plaintext();
    let (old, old_roots) = (mesh.issuer().subject().to_owned(), mesh.roots());
    made(mesh.add());
    mesh.issue();
    let both = mesh.roots();
    assert_eq!((mesh.issuer().subject(), both.len(), &both[1..]), (old.as_str(), 2, &old_roots[..]));
    let rotation = made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    assert_eq!(rotation.longest_leaf.map(|life| life.seconds()), Some(LIFE.whole_seconds().unsigned_abs()));
    mesh.issue();
    let new = mesh.issuer().subject().to_owned();
    assert_ne!(new, old);
    assert_eq!(mesh.roots(), both);
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    mesh.issue();
    assert_eq!((mesh.issuer().subject(), &mesh.roots()[..]), (new.as_str(), &both[..1]));
    assert_eq!(rotation.new_root, rotation_of(&mesh).new_root);
    let names: Vec<_> = files(&mesh.ca()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 5, "four files and the state: {names:?}");
}

fn rotation_of(mesh: &Mesh) -> meshc_ca::Rotation {
    rotation(&mesh.ca()).unwrap().unwrap()
}

#[test]
fn peers_that_verify_as_rustls_does_take_each_other_in_neighbouring_phases_and_in_no_others() {
    let mesh = Mesh::plaintext();
    let files = || {
        let folder = leaf_folder(&mesh.certificates(), &mesh.requests.requests[0].spiffe_id);
        ["tls.crt", "ca.crt"].map(|name| fs::read_to_string(folder.join(name)).unwrap())
    };
    let mut phases = vec![files()];
    made(mesh.add());
    mesh.issue();
    phases.push(files());
    made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    mesh.issue();
    phases.push(files());
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    mesh.issue();
    phases.push(files());
    for (one, [chain, own_roots]) in phases.iter().enumerate() {
        for (other, [other_chain, roots]) in phases.iter().enumerate() {
            let taken = crate::chain::verify_under(chain, roots, NOW).is_ok();
            let takes = crate::chain::verify_under(other_chain, own_roots, NOW).is_ok();
            assert_eq!(taken && takes, one.abs_diff(other) <= 1, "{one} and {other}");
        }
    }
}

#[test]
fn a_step_that_was_made_is_not_made_again_and_one_out_of_order_is_refused() {
    let mesh = Mesh::plaintext();
    let none = Evidence::default();
    for step in [mesh.switch(&none), mesh.remove(&none, NOW)] {
        assert!(step.unwrap_err().to_string().contains("meshc ca rotate add"));
    }
    assert_eq!(abort_rotation(&mesh.ca(), NOW).unwrap(), None);

    mesh.to(RotationPhase::Add);
    let before = files(&mesh.ca());
    assert!(matches!(mesh.add().unwrap(), Step::AlreadyMade(_)));
    let early = mesh.remove(&none, NOW).unwrap_err().to_string();
    assert!(early.contains("meshc ca rotate switch"), "{early}");
    assert_eq!(files(&mesh.ca()), before);

    made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    let before = files(&mesh.ca());
    assert!(matches!(mesh.switch(&none).unwrap(), Step::AlreadyMade(_)));
    assert!(mesh.add().unwrap_err().to_string().contains("meshc ca rotate remove"));
    let late = abort_rotation(&mesh.ca(), NOW).unwrap_err().to_string();
    assert!(late.contains("meshc ca rotate remove"), "{late}");
    assert_eq!(files(&mesh.ca()), before);

    mesh.issue();
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    assert!(matches!(mesh.remove(&none, NOW).unwrap(), Step::AlreadyMade(_)));
    assert_eq!(abort_rotation(&mesh.ca(), NOW).unwrap(), None);
    assert_eq!(made(mesh.add()).phase, RotationPhase::Add, "the next rotation");
}

#[test]
fn a_rotation_that_is_given_up_leaves_the_authority_as_it_was() {
    let mesh = Mesh::plaintext();
    let before = files(&mesh.ca());
    mesh.to(RotationPhase::Add);
    assert!(matches!(abort_rotation(&mesh.ca(), NOW).unwrap(), Some(Step::Made(_))));
    assert_eq!(files(&mesh.ca()), before);
    assert_eq!(rotation(&mesh.ca()).unwrap(), None);
}

#[test]
fn every_workload_must_have_reported_before_a_step_and_what_is_missing_is_listed_whole() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let missing = gaps(mesh.switch(&Evidence::default()));
    let workloads = missing.iter().map(|gap| match gap {
        Gap::WorkloadNotReported { workload, .. } => workload.name.as_str(),
        other => panic!("{other:?}"),
    });
    assert_eq!(workloads.collect::<Vec<_>>(), ["cart-v1", "cart-v2", "payment"]);
    let loaded = mesh.loaded();
    for left_out in 0..loaded.len() {
        let mut some = loaded.clone();
        some.remove(left_out);
        assert_eq!(names(mesh.switch(&mesh.evidence(&some))), ["workload-not-reported"]);
    }
    assert_eq!(rotation_of(&mesh).phase, RotationPhase::Add);
}

#[test]
fn where_the_pods_are_known_each_that_mounts_a_certificate_must_have_reported_and_no_other() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let pod = |name: &str, secret: &str, phase: &str| {
        json!({
            "metadata": {"namespace": "shop", "name": name},
            "spec": {"volumes": [{"name": "identity", "secret": {"secretName": secret}}]},
            "status": {"phase": phase},
        })
    };
    let pods = json!({"kind": "List", "items": [
        pod("cart-v1-7d9f-x2x4z", "meshc-sa-cart", "Running"),
        pod("cart-v1-7d9f-second", "meshc-sa-cart", "Running"),
        pod("cart-v1-job-done", "meshc-sa-cart", "Succeeded"),
        pod("database-0", "database-tls", "Running"),
    ]});
    let mut files = vec![mesh.loaded().remove(0), ("pods.json".to_owned(), pods)];
    let missing = gaps(mesh.switch(&mesh.evidence(&files)));
    let second = Gap::PodNotReported {
        spiffe_id: id("cart"),
        namespace: "shop".to_owned(),
        pod: "cart-v1-7d9f-second".to_owned(),
    };
    assert_eq!(missing, [second], "nor workloads without pods: cart-v2, payment");
    files.push(("shop.cart-v1-7d9f-second.json".to_owned(), mesh.certs(0)));
    made(mesh.switch(&mesh.evidence(&files)));
}

#[test]
fn a_proxy_that_has_not_loaded_the_new_root_or_whose_report_fits_nobody_stops_a_step() {
    let mesh = Mesh::plaintext();
    let old = mesh.certs(1);
    mesh.to(RotationPhase::Add);
    let with = |name: &str, content: serde_json::Value| {
        let mut files = mesh.loaded();
        files.push((name.to_owned(), content));
        gaps(mesh.switch(&mesh.evidence(&files)))
    };
    let told = |gaps: Vec<Gap>| gaps.iter().map(ToString::to_string).collect::<Vec<_>>();
    let trusts = old["certificates"][0]["ca_cert"][0]["serial_number"].as_str().unwrap().to_owned();
    let late = told(with("shop.payment-late.json", old));
    assert!(
        late.len() == 1 && late[0].contains("shop/payment-late") && late[0].contains(&trusts),
        "{late:?}"
    );
    let elsewhere = with("shop.cartoons-1.json", mesh.certs(0));
    assert_eq!(elsewhere.iter().map(Gap::name).collect::<Vec<_>>(), ["unknown-workload"]);
    let empty = with("shop.cart-v1-empty.json", json!({"certificates": []}));
    assert_eq!(empty.iter().map(Gap::name).collect::<Vec<_>>(), ["no-certificate"]);
    let text = mesh.certs(0).to_string().replace("/sa/cart", "/sa/forgotten");
    let unknown = told(with("shop.forgotten-1.json", serde_json::from_str(&text).unwrap()));
    assert!(unknown[0].contains("spiffe://cluster.local/ns/shop/sa/forgotten"), "{unknown:?}");
}

#[test]
fn certificates_of_public_hosts_roots_of_the_internet_and_intermediates_are_no_matter() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let mut files = mesh.loaded();
    let public = json!({"ca_cert": [], "cert_chain": [{"serial_number": "1", "subject_alt_names": [{"dns": "shop.test"}],
        "valid_from": "2026-01-01T00:00:00Z", "expiration_time": "2027-01-01T00:00:00Z"}]});
    let internet = json!({"ca_cert": [{"serial_number": "2"}], "cert_chain": []});
    let contexts = files[0].1["certificates"].as_array_mut().unwrap();
    contexts.extend([public, internet]);
    // meshc-proxy reports the whole chain, Envoy only the leaf.
    let folder = leaf_folder(&mesh.certificates(), &mesh.requests.requests[1].spiffe_id);
    let chain = inspect_pem(&fs::read_to_string(folder.join("tls.crt")).unwrap(), "tls.crt").unwrap();
    let chain: Vec<_> = chain.iter().map(details).collect();
    assert_eq!(chain.len(), 2);
    files[2].1["certificates"][0]["cert_chain"] = json!(chain);
    made(mesh.switch(&mesh.evidence(&files)));
}

#[test]
fn the_old_root_stays_until_no_leaf_of_it_can_be_valid_or_is_in_use() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let of_old = mesh.loaded();
    made(mesh.switch(&mesh.evidence(&of_old)));
    // Nothing was issued since.
    let missing = names(mesh.remove(&mesh.evidence(&of_old), NOW + LIFE));
    assert_eq!(missing, ["not-issued", "not-issued", "other-leaf", "other-leaf", "other-leaf"]);
    mesh.issue();
    let mut one_late = mesh.loaded();
    one_late[2] = of_old[2].clone();
    assert_eq!(names(mesh.remove(&mesh.evidence(&one_late), NOW + LIFE)), ["other-leaf"]);
    let loaded = mesh.loaded();
    let early = gaps(mesh.remove(&mesh.evidence(&loaded), NOW + LIFE - Duration::seconds(1)));
    assert_eq!(early, [Gap::TooEarly { until: NOW + LIFE }]);
    // What proxies have is not what lies there: it was issued again meanwhile.
    mesh.issue();
    let missing = names(mesh.remove(&mesh.evidence(&loaded), NOW + LIFE));
    assert_eq!(missing, ["other-leaf"; 3]);
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
}

#[test]
fn a_longer_life_that_is_in_use_or_asked_for_is_waited_for_but_never_longer_than_the_old_authority_lasts() {
    let mut mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let mut loaded = mesh.loaded();
    let leaf = &mut loaded[0].1["certificates"][0]["cert_chain"][0];
    leaf["expiration_time"] = json!(meshc_ca::rfc3339(NOW + Duration::days(60)));
    let rotation = made(mesh.switch(&mesh.evidence(&loaded)));
    assert_eq!(rotation.old_leaves_end(&mesh.ca()).unwrap(), NOW + Duration::days(60) + Duration::minutes(1));

    mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    mesh.requests.requests[0].ttl = "4000d".parse().unwrap();
    let rotation = made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    assert_eq!(rotation.old_leaves_end(&mesh.ca()).unwrap(), NOW + Duration::days(365));
}

#[test]
fn every_certificate_is_issued_again_in_every_phase() {
    let mesh = Mesh::plaintext();
    let due = |mesh: &Mesh| {
        let protection = KeyProtection::Plaintext;
        let options = IssueOptions::default();
        renewals(&mesh.certificates(), &mesh.requests, &mesh.issuer(), &options, &protection, NOW).unwrap()
    };
    let kept = |renewal: &Renewal| matches!(renewal, Renewal::Keep { .. });
    let again = [Renewal::Renew(RenewalReason::Authority); 2];
    assert!(due(&mesh).iter().all(kept));
    made(mesh.add());
    assert_eq!(due(&mesh), again);
    mesh.issue();
    assert!(due(&mesh).iter().all(kept));
    made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    assert_eq!(due(&mesh), again);
    mesh.issue();
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    assert_eq!(due(&mesh), again);
}

#[test]
fn no_key_of_a_rotation_is_ever_in_plaintext_and_only_its_owner_reads_it() {
    let (protection, identities) = sealed();
    let mesh = Mesh::new(protection, Some(identities));
    let check = || {
        for (name, content) in files(&mesh.ca()) {
            assert!(!String::from_utf8_lossy(&content).contains("PRIVATE KEY"), "{name}");
            #[cfg(unix)]
            if name.contains(".key") {
                use std::os::unix::fs::PermissionsExt;
                let mode = fs::metadata(&name).unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{name}");
            }
        }
    };
    made(mesh.add());
    check();
    mesh.issue();
    made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    check();
    mesh.issue();
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    check();
    let lifetime = "365d".parse().unwrap();
    let renew = |identities: Option<&AgeIdentities>| {
        renew_intermediate(&mesh.ca(), lifetime, identities, &mesh.protection, NOW)
    };
    assert!(matches!(renew(None), Err(CaError::IdentityNeeded { .. })));
    renew(mesh.identities.as_ref()).unwrap();
    check();
}

#[test]
fn a_root_key_that_is_kept_elsewhere_is_not_replaced_by_that_of_the_old_root() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Switch);
    fs::remove_file(mesh.ca().join("next/root.key")).unwrap();
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    assert!(!mesh.ca().join("root.key").exists());
    let lifetime = "365d".parse().unwrap();
    let error = renew_intermediate(&mesh.ca(), lifetime, None, &KeyProtection::Plaintext, NOW).unwrap_err();
    assert!(error.to_string().contains("root.key"), "{error}");
}

#[test]
fn an_intermediate_is_replaced_without_touching_the_root_or_what_is_in_use() {
    let mesh = Mesh::plaintext();
    let (subject, roots) = (mesh.issuer().subject().to_owned(), mesh.roots());
    let long = "36500d".parse().unwrap();
    let later = NOW + Duration::days(300);
    let authority = renew_intermediate(&mesh.ca(), long, None, &KeyProtection::Plaintext, later).unwrap();
    assert_ne!(mesh.issuer().subject(), subject);
    assert_eq!(mesh.issuer().not_after(), NOW + Duration::days(3650), "its root ends then");
    let facts = meshc_ca::inspect_certificate(&authority.certificate).unwrap();
    assert_eq!((facts.path_length, &facts.uris[..]), (Some(0), &["spiffe://cluster.local".to_owned()][..]));
    let issued = issue_all(&mesh.requests, &mesh.issuer(), &IssueOptions::default(), later).unwrap();
    crate::chain::verify(&issued[0], later).unwrap();
    write_issued(&mesh.certificates(), &issued, &mesh.protection).unwrap();
    assert_eq!(mesh.roots(), roots);
    made(mesh.add());
    let during = renew_intermediate(&mesh.ca(), long, None, &KeyProtection::Plaintext, later).unwrap_err();
    assert!(matches!(during, CaError::RotationOrder { .. }), "{during}");
}

#[test]
fn leaves_are_bounded_by_the_root_that_signs_them_not_by_the_other() {
    let mesh = Mesh::plaintext();
    let mut short = options(KeyAlgorithm::EcdsaP256);
    (short.root_lifetime, short.intermediate_lifetime) = ("10h".parse().unwrap(), "10h".parse().unwrap());
    write_ca(&mesh.ca(), &init(&short, NOW).unwrap(), &mesh.both(), Existing::Replace).unwrap();
    made(mesh.add());
    assert_eq!(mesh.issuer().not_after(), NOW + Duration::hours(10));
}

#[test]
fn files_that_do_not_belong_to_the_state_are_refused() {
    let other = Mesh::plaintext();
    for name in ["root.crt", "next/root.crt"] {
        let mesh = Mesh::plaintext();
        mesh.to(RotationPhase::Add);
        fs::copy(other.ca().join("root.crt"), mesh.ca().join(name)).unwrap();
        let error = load_issuer(&mesh.ca(), None).err().unwrap().to_string();
        assert!(error.contains(name) && error.contains("rotation.yaml"), "{error}");
        assert!(mesh.switch(&Evidence::default()).is_err());
    }
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    fs::remove_file(mesh.ca().join("rotation.yaml")).unwrap();
    let error = load_issuer(&mesh.ca(), None).err().unwrap().to_string();
    assert!(error.contains("`next`"), "{error}");
    assert!(matches!(abort_rotation(&mesh.ca(), NOW), Err(CaError::RotationState { .. })));
}

#[test]
fn what_meshc_did_not_write_is_neither_deleted_nor_followed() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    fs::write(mesh.ca().join("next/thesis.tex"), "years of work").unwrap();
    let error = abort_rotation(&mesh.ca(), NOW).unwrap_err().to_string();
    assert!(error.contains("thesis.tex"), "{error}");
    assert_eq!(rotation_of(&mesh).phase, RotationPhase::Add);
    #[cfg(unix)]
    {
        let (mesh, elsewhere) = (Mesh::plaintext(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), mesh.ca().join("next")).unwrap();
        assert!(matches!(mesh.add(), Err(CaError::UnsafePath { .. })));
        assert_eq!(files(elsewhere.path()), []);
    }
}

#[test]
fn two_processes_do_not_rotate_one_authority_at_the_same_time() {
    let mesh = Mesh::plaintext();
    let other = fs::File::open(mesh.ca()).unwrap();
    other.try_lock().unwrap();
    assert!(matches!(mesh.add(), Err(CaError::RotationLocked { .. })));
    drop(other);
    made(mesh.add());
}

#[test]
fn a_new_authority_over_one_that_is_rotated_ends_the_rotation() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Switch);
    let again = write_ca(&mesh.ca(), &authority(), &mesh.both(), Existing::Refuse);
    assert!(matches!(again, Err(CaError::Exists { .. })));
    write_ca(&mesh.ca(), &authority(), &mesh.both(), Existing::Replace).unwrap();
    assert_eq!(files(&mesh.ca()).len(), 4);
    assert_eq!(rotation(&mesh.ca()).unwrap(), None);
    assert!(load_issuer(&mesh.ca(), None).is_ok());
}

#[cfg(unix)]
#[test]
fn a_key_or_an_identity_that_everyone_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let mesh = Mesh::plaintext();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let key = mesh.ca().join("intermediate.key");
    set(&key, 0o644);
    let error = load_issuer(&mesh.ca(), None).err().unwrap().to_string();
    assert!(error.contains("intermediate.key") && error.contains("chmod 600"), "{error}");
    // Kubernetes mounts Secrets for a group (fsGroup).
    set(&key, 0o640);
    assert!(load_issuer(&mesh.ca(), None).is_ok());
    let identity = mesh.dir.path().join("identity");
    let secret = age::x25519::Identity::generate().to_string();
    fs::write(&identity, format!("{}\n", secret.expose_secret())).unwrap();
    set(&identity, 0o604);
    let error = AgeIdentities::read(&identity).unwrap_err().to_string();
    assert!(error.contains("mode 604") && !error.contains("AGE-SECRET"), "{error}");
    set(&identity, 0o600);
    assert!(AgeIdentities::read(&identity).is_ok());
}
