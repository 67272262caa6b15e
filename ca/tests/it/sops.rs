//! Sealed files, as `sops` and `age` themselves open them. `MESHC_SOPS` and `MESHC_AGE` name the programs, which `ci/test`
//! builds where Go is there; without them they are looked for in PATH.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use base64::Engine;
use meshc_ca::{
    AgeIdentities, AgeRecipients, CaProtection, Existing, IssueOptions, KeyProtection, issue_all,
    load_issuer, write_ca, write_issued,
};
use tempfile::TempDir;

use crate::mesh::{NOW, authority, bookinfo};
use crate::program::{run, stdout};

#[derive(serde::Deserialize)]
struct Secret {
    data: BTreeMap<String, String>,
}

/// Leaves sealed for two recipients, and the identity files of both.
struct Sealed {
    dir: TempDir,
    identities: Vec<PathBuf>,
}

impl Sealed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys: Vec<_> = (0..2).map(|_| age::x25519::Identity::generate()).collect();
        let recipients: Vec<_> = keys.iter().map(|key| key.to_public().to_string()).collect();
        let protection =
            KeyProtection::Age(AgeRecipients::parse(recipients.iter().map(String::as_str)).unwrap());
        let identities: Vec<_> = (0..2).map(|n| dir.path().join(format!("identity-{n}"))).collect();
        for (path, key) in identities.iter().zip(&keys) {
            write_for_owner(path, &format!("{}\n", key.to_string().expose_secret()));
        }
        let ca = dir.path().join("ca");
        let protections = CaProtection { root: protection.clone(), intermediate: protection.clone() };
        write_ca(&ca, &authority(), &protections, Existing::Refuse).unwrap();
        let issuer = load_issuer(&ca, Some(&AgeIdentities::read(&identities[1]).unwrap())).unwrap();
        let issued = issue_all(&bookinfo(), &issuer, &IssueOptions::default(), NOW).unwrap();
        write_issued(&dir.path().join("out"), &issued, &protection).unwrap();
        Self { dir, identities }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("out/bookinfo/bookinfo-reviews")
    }
}

/// As `age-keygen` writes it.
fn write_for_owner(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

fn program(variable: &str, name: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| name.to_owned())
}

fn sops(dir: &Path, identity: &Path) -> Option<std::process::Output> {
    let args = ["--decrypt", "secret.sops.yaml"];
    run(&program("MESHC_SOPS", "sops"), &args, dir, &[("SOPS_AGE_KEY_FILE", identity)], "MESHC_SOPS")
}

#[test]
fn sops_decrypts_the_secret_for_every_recipient() {
    let sealed = Sealed::new();
    for identity in &sealed.identities {
        let Some(output) = sops(&sealed.folder(), identity) else { return };
        let secret: Secret = serde_saphyr::from_str(&stdout(output)).unwrap();
        for name in ["tls.crt", "ca.crt"] {
            let decoded = base64::prelude::BASE64_STANDARD.decode(&secret.data[name]).unwrap();
            assert_eq!(decoded, fs::read(sealed.folder().join(name)).unwrap(), "{name}");
        }
        let key = base64::prelude::BASE64_STANDARD.decode(&secret.data["tls.key"]).unwrap();
        assert!(key.starts_with(b"-----BEGIN PRIVATE KEY-----\n"));
    }
}

#[test]
fn sops_refuses_a_secret_that_was_changed_outside_of_the_encrypted_values() {
    let sealed = Sealed::new();
    let file = sealed.folder().join("secret.sops.yaml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("name: \"meshc-sa-bookinfo-reviews\""), "names stay readable: {text}");
    fs::write(&file, text.replace("meshc-sa-bookinfo-reviews", "meshc-sa-other")).unwrap();
    let Some(output) = sops(&sealed.folder(), &sealed.identities[0]) else { return };
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("MAC mismatch"));
}

#[test]
fn age_decrypts_the_key_to_the_one_of_the_certificate() {
    let sealed = Sealed::new();
    let identity = sealed.identities[1].display().to_string();
    let args = ["--decrypt", "--identity", &identity, "tls.key.age"];
    let Some(output) = run(&program("MESHC_AGE", "age"), &args, &sealed.folder(), &[], "MESHC_AGE") else {
        return;
    };
    let opened = sealed.folder().join("opened");
    fs::write(&opened, stdout(output)).unwrap();
    let key = run("openssl", &["pkey", "-in", "opened", "-pubout"], &sealed.folder(), &[], "CI").unwrap();
    let leaf = run("openssl", &["x509", "-in", "tls.crt", "-noout", "-pubkey"], &sealed.folder(), &[], "CI")
        .unwrap();
    assert_eq!(stdout(key), stdout(leaf));
}
