//! A root is rotated under two real Envoys, the oldest and the newest, each calling the other. What they report is the
//! evidence of every step, and calls succeed at every moment between.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use meshc_ca::{
    CaProtection, Evidence, Existing, Gap, IssueOptions, KeyAlgorithm, KeyProtection, RotationOptions, Step,
    add_root, init, inspect_pem, issue_all, load_issuer, remove_root, switch_root, write_ca, write_issued,
};
use meshc_contract::IdentityRequests;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use crate::envoy::{Proxy, envoys};
use crate::mesh::{options, request, requests};

const ACCOUNTS: [&str; 2] = ["cart", "payment"];

struct Mesh {
    dir: TempDir,
    requests: IdentityRequests,
    proxies: [Proxy; 2],
    now: OffsetDateTime,
}

impl Mesh {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now().into();
        let material = init(&options(KeyAlgorithm::EcdsaP256), now).unwrap();
        write_ca(&dir.path().join("ca"), &material, &plaintext(), Existing::Refuse).unwrap();
        let proxies = ACCOUNTS.map(|account| Proxy::new(dir.path().join(account)));
        let requests = requests(ACCOUNTS.map(|account| request("shop", account, "24h")).to_vec());
        Self { dir, requests, proxies, now }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Issues what the phase asks for, and keeps it under a name.
    fn issue(&self, phase: &str) {
        let issuer = load_issuer(&self.at("ca"), None).unwrap();
        let issued = issue_all(&self.requests, &issuer, &IssueOptions::default(), self.now).unwrap();
        for folder in [self.at("certificates"), self.at(phase)] {
            write_issued(&folder, &issued, &KeyProtection::Plaintext).unwrap();
        }
    }

    fn leaf(&self, phase: &str, proxy: usize) -> PathBuf {
        self.at(phase).join("shop").join(ACCOUNTS[proxy])
    }

    /// Lets a proxy load the certificate of a phase.
    fn load(&mut self, proxy: usize, phase: &str) {
        let leaf = self.leaf(phase, proxy);
        self.proxies[proxy].load(&leaf);
    }

    /// Waits until a proxy reports the certificate of a phase, and keeps the report as evidence.
    fn reports(&self, proxy: usize, phase: &str) {
        let serial = |file: &str| {
            let text = fs::read_to_string(self.leaf(phase, proxy).join(file)).unwrap();
            inspect_pem(&text, file).unwrap()[0].serial.replace(':', "")
        };
        let certs = self.proxies[proxy].certs(&[&serial("tls.crt"), &serial("ca.crt")]);
        let evidence = self.at("evidence");
        fs::create_dir_all(&evidence).unwrap();
        fs::write(evidence.join(format!("shop.{}-v1-5c9f8d-x2x4z.json", ACCOUNTS[proxy])), certs).unwrap();
    }

    /// One proxy after the other takes the certificate of a phase; calls succeed in both directions at every moment.
    fn roll(&mut self, phase: &str) {
        for (proxy, account) in ACCOUNTS.into_iter().enumerate() {
            self.load(proxy, phase);
            self.reports(proxy, phase);
            assert_eq!(self.calls(), [200, 200], "{account} in {phase}");
        }
    }

    fn calls(&self) -> [u16; 2] {
        [self.proxies[0].call(), self.proxies[1].call()]
    }

    fn evidence(&self) -> Evidence {
        Evidence::read(&[self.at("evidence")]).unwrap()
    }

    fn add(&self) -> Step {
        let options = RotationOptions {
            algorithm: KeyAlgorithm::EcdsaP256,
            root_lifetime: "3650d".parse().unwrap(),
            intermediate_lifetime: "365d".parse().unwrap(),
        };
        add_root(&self.at("ca"), &options, &plaintext(), self.now).unwrap()
    }

    fn switch(&self) -> Step {
        let (ca, certificates) = (self.at("ca"), self.at("certificates"));
        switch_root(&ca, &self.requests, &certificates, &self.evidence(), self.now).unwrap()
    }

    fn remove(&self, after: Duration) -> Step {
        let (ca, certificates) = (self.at("ca"), self.at("certificates"));
        remove_root(&ca, &self.requests, &certificates, &self.evidence(), self.now + after).unwrap()
    }
}

fn plaintext() -> CaProtection {
    CaProtection { root: KeyProtection::Plaintext, intermediate: KeyProtection::Plaintext }
}

fn missing(step: &Step) -> Vec<&'static str> {
    match step {
        Step::Refused(gaps) => gaps.iter().map(Gap::name).collect(),
        Step::Made(_) | Step::AlreadyMade(_) => Vec::new(),
    }
}

fn start(mesh: &mut Mesh, envoys: &[PathBuf; 2]) {
    let starting = |envoy: &Path, one: &mut Proxy, other: &Proxy| one.start(envoy, other);
    let [first, second] = &mut mesh.proxies;
    starting(&envoys[0], first, second);
    starting(&envoys[1], second, first);
}

#[test]
fn a_root_is_rotated_under_two_envoys_that_call_each_other_and_no_call_fails() {
    let Some(envoys) = envoys() else { return };
    let mut mesh = Mesh::new();
    mesh.issue("before");
    (0..2).for_each(|proxy| mesh.load(proxy, "before"));
    start(&mut mesh, &envoys);
    mesh.roll("before");

    assert!(matches!(mesh.add(), Step::Made(_)));
    mesh.issue("add");
    assert_eq!(missing(&mesh.switch()), ["root-not-loaded", "root-not-loaded"]);
    mesh.load(0, "add");
    mesh.reports(0, "add");
    assert_eq!(missing(&mesh.switch()), ["root-not-loaded"]);
    mesh.roll("add");

    assert!(matches!(mesh.switch(), Step::Made(_)));
    mesh.issue("switch");
    // A day, and the minute by which certificates reach back.
    let life = Duration::days(1) + Duration::minutes(1);
    assert_eq!(missing(&mesh.remove(life)), ["other-leaf", "other-leaf"]);
    mesh.roll("switch");
    assert_eq!(missing(&mesh.remove(life - Duration::seconds(1))), ["too-early"]);

    assert!(matches!(mesh.remove(life), Step::Made(_)));
    mesh.issue("done");
    mesh.roll("done");

    // What each gate is for: phases that are not neighbours refuse each other, whoever calls.
    for (old, new) in [("before", "switch"), ("add", "done"), ("before", "done")] {
        for (proxy, phase) in [(0, old), (1, new)] {
            mesh.load(proxy, phase);
            mesh.reports(proxy, phase);
        }
        assert_eq!(mesh.calls(), [503, 503], "{old} and {new}");
    }
}
