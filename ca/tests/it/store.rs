//! What reaches the disk.

use std::fs;
use std::path::Path;

use age::secrecy::ExposeSecret;
use meshc_ca::{
    AgeIdentities, AgeRecipients, CaError, CaProtection, Existing, IssueOptions, KeyProtection, issue_all,
    load_issuer, write_ca, write_issued,
};

use crate::mesh::{NOW, authority, bookinfo, issuer, request, requests};

fn sealed() -> (KeyProtection, AgeIdentities) {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    (
        KeyProtection::Age(AgeRecipients::parse([recipient.as_str()]).unwrap()),
        AgeIdentities::parse(identity.to_string().expose_secret()).unwrap(),
    )
}

fn both(protection: KeyProtection) -> CaProtection {
    CaProtection { root: protection.clone(), intermediate: protection }
}

fn tree(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(dir).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

fn assert_no_plaintext_key(dir: &Path) {
    for name in tree(dir) {
        let content = fs::read_to_string(dir.join(&name)).unwrap();
        assert!(!content.contains("PRIVATE KEY") && !content.contains("UFJJVkFURSBLRV"), "{name}");
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_encrypted_authority_leaves_no_plaintext_key_and_issues_with_its_identity_only() {
    let dir = tempfile::tempdir().unwrap();
    let (protection, identities) = sealed();
    let written = write_ca(dir.path(), &authority(), &both(protection), Existing::Refuse).unwrap();
    assert_eq!(written.len(), 4);
    assert_eq!(
        tree(dir.path()),
        ["intermediate.crt", "intermediate.key.age", "root.crt", "root.key.age"],
        "nothing else stays, no temporary folder either"
    );
    assert_no_plaintext_key(dir.path());
    assert!(load_issuer(dir.path(), Some(&identities)).is_ok());
    let error = load_issuer(dir.path(), None).err().unwrap();
    assert!(error.to_string().contains("--identity"), "{error}");
    let (_, stranger) = sealed();
    assert!(matches!(load_issuer(dir.path(), Some(&stranger)), Err(CaError::Decrypt { .. })));
}

#[test]
fn the_root_can_be_sealed_to_other_people_than_the_intermediate() {
    let dir = tempfile::tempdir().unwrap();
    let ((root, keeper), (intermediate, ci)) = (sealed(), sealed());
    let protection = CaProtection { root, intermediate };
    write_ca(dir.path(), &authority(), &protection, Existing::Refuse).unwrap();
    assert!(load_issuer(dir.path(), Some(&ci)).is_ok());
    assert!(load_issuer(dir.path(), Some(&keeper)).is_err());
}

#[test]
fn an_authority_is_replaced_only_when_told_and_then_whole() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("README.md"), "ours").unwrap();
    write_ca(dir.path(), &authority(), &both(KeyProtection::Plaintext), Existing::Refuse).unwrap();
    let before = fs::read(dir.path().join("root.crt")).unwrap();
    let (protection, identities) = sealed();
    let again = write_ca(dir.path(), &authority(), &both(protection.clone()), Existing::Refuse);
    assert!(again.unwrap_err().to_string().contains("--force"));
    assert_eq!(fs::read(dir.path().join("root.crt")).unwrap(), before);
    write_ca(dir.path(), &authority(), &both(protection), Existing::Replace).unwrap();
    assert_ne!(fs::read(dir.path().join("root.crt")).unwrap(), before);
    assert_eq!(
        tree(dir.path()),
        ["README.md", "intermediate.crt", "intermediate.key.age", "root.crt", "root.key.age"]
    );
    assert!(load_issuer(dir.path(), Some(&identities)).is_ok());
}

#[test]
fn a_plaintext_authority_is_readable_by_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    write_ca(dir.path(), &authority(), &both(KeyProtection::Plaintext), Existing::Refuse).unwrap();
    assert!(load_issuer(dir.path(), None).is_ok());
    #[cfg(unix)]
    for name in ["root.key", "intermediate.key"] {
        assert_eq!(mode(&dir.path().join(name)), 0o600, "{name}");
    }
}

#[test]
fn an_authority_with_a_missing_or_doubled_file_says_which() {
    let dir = tempfile::tempdir().unwrap();
    let missing = load_issuer(dir.path(), None).err().unwrap().to_string();
    assert!(missing.contains("intermediate.crt") && missing.contains("meshc ca init"), "{missing}");
    write_ca(dir.path(), &authority(), &both(KeyProtection::Plaintext), Existing::Refuse).unwrap();
    fs::write(dir.path().join("intermediate.key.age"), "").unwrap();
    assert!(matches!(load_issuer(dir.path(), None), Err(CaError::TwoKeys { .. })));
    fs::remove_file(dir.path().join("intermediate.key.age")).unwrap();
    fs::write(dir.path().join("intermediate.key"), "not a key").unwrap();
    assert!(matches!(load_issuer(dir.path(), None), Err(CaError::PrivateKey { .. })));
    fs::write(dir.path().join("root.crt"), "not a certificate").unwrap();
    assert!(matches!(load_issuer(dir.path(), None), Err(CaError::IssuerCertificate { .. })));
}

#[test]
fn leaves_have_the_layout_that_envoy_reads() {
    let dir = tempfile::tempdir().unwrap();
    let issued = issue_all(&bookinfo(), &issuer(authority()), &IssueOptions::default(), NOW).unwrap();
    let folders = write_issued(dir.path(), &issued, &KeyProtection::Plaintext).unwrap();
    assert_eq!(folders[1], dir.path().join("bookinfo/bookinfo-reviews"));
    let reviews = ["ca.crt", "secret.yaml", "tls.crt", "tls.key"]
        .map(|name| format!("bookinfo/bookinfo-reviews/{name}"));
    let found = tree(dir.path());
    assert_eq!(found.len(), 12);
    assert!(reviews.iter().all(|name| found.contains(name)), "{found:?}");
    let chain = fs::read_to_string(folders[1].join("tls.crt")).unwrap();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
    assert_eq!(
        fs::read_to_string(folders[1].join("ca.crt")).unwrap().matches("BEGIN CERTIFICATE").count(),
        1
    );
    #[cfg(unix)]
    for (name, expected) in [("tls.key", 0o600), ("secret.yaml", 0o600)] {
        assert_eq!(mode(&folders[1].join(name)), expected, "{name}");
    }
}

#[test]
fn a_secret_manifest_holds_the_three_files() {
    #[derive(serde::Deserialize)]
    struct Secret {
        kind: String,
        r#type: String,
        metadata: Metadata,
        data: std::collections::BTreeMap<String, String>,
    }
    #[derive(serde::Deserialize)]
    struct Metadata {
        name: String,
        namespace: String,
    }
    use base64::Engine;
    let dir = tempfile::tempdir().unwrap();
    let mut numbered = request("bookinfo", "123", "1h");
    numbered.secret.name = "123".to_owned();
    let issued =
        issue_all(&requests(vec![numbered]), &issuer(authority()), &IssueOptions::default(), NOW).unwrap();
    let folder = &write_issued(dir.path(), &issued, &KeyProtection::Plaintext).unwrap()[0];
    let text = fs::read_to_string(folder.join("secret.yaml")).unwrap();
    let secret: Secret = serde_saphyr::from_str(&text).unwrap();
    assert_eq!((secret.kind.as_str(), secret.r#type.as_str()), ("Secret", "kubernetes.io/tls"));
    assert_eq!((secret.metadata.name.as_str(), secret.metadata.namespace.as_str()), ("123", "bookinfo"));
    for name in ["tls.crt", "tls.key", "ca.crt"] {
        let decoded = base64::prelude::BASE64_STANDARD.decode(&secret.data[name]).unwrap();
        assert_eq!(decoded, fs::read(folder.join(name)).unwrap(), "{name}");
    }
}

#[test]
fn encrypted_leaves_leave_no_plaintext_key_even_where_plaintext_ones_were() {
    let dir = tempfile::tempdir().unwrap();
    let issuer = issuer(authority());
    let issue = || issue_all(&bookinfo(), &issuer, &IssueOptions::default(), NOW).unwrap();
    write_issued(dir.path(), &issue(), &KeyProtection::Plaintext).unwrap();
    let (protection, _) = sealed();
    write_issued(dir.path(), &issue(), &protection).unwrap();
    assert_no_plaintext_key(dir.path());
    assert!(tree(dir.path()).contains(&"bookinfo/bookinfo-reviews/tls.key.age".to_owned()));
}

#[test]
fn what_meshc_did_not_write_is_never_replaced() {
    let issuer = issuer(authority());
    let issued = issue_all(&bookinfo(), &issuer, &IssueOptions::default(), NOW).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("bookinfo/bookinfo-reviews");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("thesis.tex"), "years of work").unwrap();
    let error = write_issued(dir.path(), &issued, &KeyProtection::Plaintext).unwrap_err();
    assert!(error.to_string().contains("thesis.tex"), "{error}");
    assert_eq!(tree(dir.path()), ["bookinfo/bookinfo-reviews/thesis.tex"], "nothing is half written");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_output_folder_is_not_followed() {
    let issuer = issuer(authority());
    let issued = issue_all(&bookinfo(), &issuer, &IssueOptions::default(), NOW).unwrap();
    for link in ["bookinfo", "bookinfo/bookinfo-reviews"] {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let link = dir.path().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), link).unwrap();
        let error = write_issued(dir.path(), &issued, &KeyProtection::Plaintext).unwrap_err();
        assert!(matches!(error, CaError::UnsafePath { .. }), "{error}");
        assert_eq!(tree(elsewhere.path()).len(), 0);
    }
}

#[test]
fn an_output_folder_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let issued = issue_all(&bookinfo(), &issuer(authority()), &IssueOptions::default(), NOW).unwrap();
    let error = write_issued(&file.join("out"), &issued, &KeyProtection::Plaintext).unwrap_err();
    assert!(error.to_string().contains("file/out"), "{error}");
}
