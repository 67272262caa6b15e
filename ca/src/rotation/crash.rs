//! A rotation whose process is killed after any change: what the folder then means, and that the next run ends it.

use std::fs;
use std::path::Path;

use meshc_contract::{IdentityRequest, IdentityRequests, SecretRef, SpiffeId, WorkloadRef};
use proptest::prelude::*;
use tempfile::TempDir;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::evidence::{Context, Evidence, Leaf, Report, serial};
use super::*;
use crate::change::killed::{self, Death};
use crate::{
    CaError, CaProtection, Existing, InitOptions, IssueOptions, KeyAlgorithm, KeyProtection, init,
    inspect_pem, issue_all, load_issuer, write_ca, write_issued,
};

const NOW: OffsetDateTime = datetime!(2026-11-24 12:00:00 UTC);

/// An authority with one identity, whose proxy always has what was issued last.
struct Mesh {
    dir: TempDir,
    requests: IdentityRequests,
}

/// What counts of an authority: who issues, and whom its leaves' holders trust.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    issuer: String,
    roots: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Add,
    Switch,
    Remove,
    Abort,
    Intermediate,
}

impl Mesh {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = InitOptions {
            trust_domain: "cluster.local".to_owned(),
            algorithm: KeyAlgorithm::EcdsaP256,
            root_lifetime: "3650d".parse().unwrap(),
            intermediate_lifetime: "365d".parse().unwrap(),
        };
        let ca = dir.path().join("ca");
        write_ca(&ca, &init(&options, NOW).unwrap(), &plaintext(), Existing::Refuse).unwrap();
        let request = IdentityRequest {
            spiffe_id: SpiffeId {
                trust_domain: "cluster.local".to_owned(),
                namespace: "shop".to_owned(),
                service_account: "cart".to_owned(),
            },
            ttl: "24h".parse().unwrap(),
            workloads: vec![WorkloadRef { namespace: "shop".to_owned(), name: "cart".to_owned() }],
            secret: SecretRef { namespace: "shop".to_owned(), name: "meshc-sa-cart".to_owned() },
        };
        let trust_domain = "cluster.local".to_owned();
        Self { dir, requests: IdentityRequests { version: 1, trust_domain, requests: vec![request] } }
    }

    fn ca(&self) -> std::path::PathBuf {
        self.dir.path().join("ca")
    }

    fn certificates(&self) -> std::path::PathBuf {
        self.dir.path().join("certificates")
    }

    fn meaning(&self) -> Result<Meaning, CaError> {
        let issuer = load_issuer(&self.ca(), None)?;
        let roots = inspect_pem(&issuer.roots_pem, "roots")?.into_iter().map(|root| root.subject).collect();
        Ok(Meaning { issuer: issuer.subject().to_owned(), roots })
    }

    /// Issues and gives what the proxy reports once it has loaded that.
    fn issued(&self) -> Evidence {
        let issuer = load_issuer(&self.ca(), None).unwrap();
        let issued = issue_all(&self.requests, &issuer, &IssueOptions::default(), NOW).unwrap();
        write_issued(&self.certificates(), &issued, &KeyProtection::Plaintext).unwrap();
        let leaf = &inspect_pem(&issued[0].certificate_chain_pem().unwrap(), "chain").unwrap()[0];
        let roots = inspect_pem(issued[0].roots_pem(), "roots").unwrap();
        let leaf = Leaf {
            serial: serial(&leaf.serial),
            uris: leaf.uris.clone(),
            not_before: leaf.not_before,
            not_after: leaf.not_after,
        };
        let context =
            Context { roots: roots.iter().map(|root| serial(&root.serial)).collect(), leaves: vec![leaf] };
        let report = Report {
            source: "here".to_owned(),
            namespace: "shop".to_owned(),
            pod: "cart-1".to_owned(),
            contexts: vec![context],
        };
        Evidence { reports: vec![report], pods: None }
    }

    fn run(&self, command: Command, evidence: &Evidence) -> Result<(), CaError> {
        let Self { requests, .. } = self;
        let (ca, certificates) = (self.ca(), self.certificates());
        let made = match command {
            Command::Add => {
                let options = RotationOptions {
                    algorithm: KeyAlgorithm::EcdsaP256,
                    root_lifetime: "3650d".parse().unwrap(),
                    intermediate_lifetime: "365d".parse().unwrap(),
                };
                add_root(&ca, &options, &plaintext(), NOW)?
            }
            Command::Switch => switch_root(&ca, requests, &certificates, evidence, NOW)?,
            Command::Remove => remove_root(&ca, requests, &certificates, evidence, NOW + Duration::days(2))?,
            Command::Abort => return abort_rotation(&ca, NOW).map(drop),
            Command::Intermediate => {
                let lifetime = "300d".parse().unwrap();
                let protection = KeyProtection::Plaintext;
                return renew_intermediate(&ca, lifetime, None, &protection, NOW).map(drop);
            }
        };
        assert!(!matches!(made, Step::Refused(_)), "{made:?}");
        Ok(())
    }

    /// Whether a command may have led from one meaning to the other.
    fn is_made(command: Command, before: &Meaning, after: &Meaning) -> bool {
        let same_issuer = before.issuer == after.issuer;
        match command {
            Command::Add => same_issuer && after.roots.len() == 2 && after.roots[1] == before.roots[0],
            Command::Switch => !same_issuer && after.roots == before.roots,
            Command::Remove => same_issuer && after.roots == before.roots[..1],
            Command::Abort => same_issuer && after.roots == before.roots[1..],
            Command::Intermediate => !same_issuer && after.roots == before.roots,
        }
    }

    /// Kills a command, again and again as told, then lets it end. In between it has been made or not, nothing else.
    fn survive(&self, command: Command, deaths: &[Death]) {
        let evidence = self.issued();
        let before = self.meaning().unwrap();
        for death in deaths {
            let ended = killed::run(*death, || self.run(command, &evidence)).is_some();
            let now = self.meaning().unwrap_or_else(|error| panic!("{command:?} {death:?}: {error}"));
            assert!(now == before || Self::is_made(command, &before, &now), "{command:?} {death:?}: {now:?}");
            if ended || (command == Command::Intermediate && now != before) {
                // Another run would renew it again.
                return;
            }
        }
        self.run(command, &evidence).unwrap();
        let after = self.meaning().unwrap();
        assert!(Self::is_made(command, &before, &after), "{command:?} {deaths:?}: {before:?} {after:?}");
    }

    /// Nothing of an unfinished run is left, no key above all.
    fn check_tidy(&self, next: bool) {
        let names = |dir: &Path| {
            let mut names: Vec<_> = fs::read_dir(dir)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| name != ROTATION && name != NEXT)
                .collect();
            names.sort();
            names
        };
        let authority = ["intermediate.crt", "intermediate.key", "root.crt", "root.key"];
        assert_eq!(names(&self.ca()), authority);
        assert_eq!(self.ca().join(NEXT).exists(), next);
        if next {
            assert_eq!(names(&self.ca().join(NEXT)), authority);
        }
    }
}

fn plaintext() -> CaProtection {
    CaProtection { root: KeyProtection::Plaintext, intermediate: KeyProtection::Plaintext }
}

#[test]
fn a_command_that_is_killed_after_any_change_was_made_or_not_and_the_next_run_makes_it() {
    let paths: [&[Command]; 5] = [
        &[Command::Add],
        &[Command::Add, Command::Switch],
        &[Command::Add, Command::Switch, Command::Remove],
        &[Command::Add, Command::Abort],
        &[Command::Intermediate],
    ];
    for path in paths {
        let (last, first) = path.split_last().unwrap();
        for torn in [false, true] {
            let mut after = 0;
            loop {
                let mesh = Mesh::new();
                first.iter().for_each(|command| mesh.survive(*command, &[]));
                let evidence = mesh.issued();
                let before = mesh.meaning().unwrap();
                let death = Death { after, torn };
                if killed::run(death, || mesh.run(*last, &evidence)).is_some() {
                    assert!(after > 3, "{last:?} makes more than {after} changes");
                    break;
                }
                let now = mesh.meaning().unwrap();
                assert!(now == before || Mesh::is_made(*last, &before, &now), "{last:?} {death:?}: {now:?}");
                if *last == Command::Intermediate && now != before {
                    // Any other command ends it too.
                    assert_eq!(abort_rotation(&mesh.ca(), NOW).unwrap(), None);
                    assert_eq!(mesh.meaning().unwrap(), now);
                } else {
                    mesh.run(*last, &evidence).unwrap();
                    assert!(Mesh::is_made(*last, &before, &mesh.meaning().unwrap()), "{last:?} {death:?}");
                }
                mesh.check_tidy(matches!(last, Command::Add | Command::Switch));
                after += 1;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_rotation_whose_every_run_may_be_killed_ends_with_the_new_root_alone(
        deaths in prop::collection::vec(prop::collection::vec((0_usize..40, any::<bool>()), 0..4), 6),
    ) {
        let deaths: Vec<Vec<_>> = deaths.into_iter()
            .map(|deaths| deaths.into_iter().map(|(after, torn)| Death { after, torn }).collect())
            .collect();
        let mesh = Mesh::new();
        let first = mesh.meaning().unwrap();
        mesh.survive(Command::Add, &deaths[0]);
        mesh.survive(Command::Abort, &deaths[1]);
        prop_assert_eq!(&mesh.meaning().unwrap(), &first);
        mesh.survive(Command::Add, &deaths[2]);
        mesh.survive(Command::Switch, &deaths[3]);
        mesh.survive(Command::Remove, &deaths[4]);
        let last = mesh.meaning().unwrap();
        prop_assert!(last.issuer != first.issuer && last.roots.len() == 1 && last.roots != first.roots);
        mesh.survive(Command::Intermediate, &deaths[5]);
        // Whatever was left of the last run ends with the next.
        abort_rotation(&mesh.ca(), NOW).unwrap();
        mesh.check_tidy(false);
    }
}
