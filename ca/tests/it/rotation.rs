//! Rotations as a user meets them: what each step needs, what it leaves, what it refuses.

mod folder;
mod gate;
mod steps;

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

fn rotation_of(mesh: &Mesh) -> meshc_ca::Rotation {
    rotation(&mesh.ca()).unwrap().unwrap()
}
