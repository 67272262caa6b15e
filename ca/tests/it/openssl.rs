//! Chains and keys, as OpenSSL sees them.

use std::path::Path;
use std::process::{Command, Output};

use meshc_ca::{IssueOptions, KeyAlgorithm, KeyProtection, init, issue_all, write_issued};

use crate::mesh::{NOW, bookinfo, issuer, options};

/// Runs `openssl`, or says why the test is skipped on a machine without it; CI must have it.
fn openssl(args: &[&str], dir: &Path) -> Option<Output> {
    match Command::new("openssl").args(args).current_dir(dir).output() {
        Ok(output) => Some(output),
        Err(error) if std::env::var_os("CI").is_none() => {
            println!("skipped: `openssl` cannot be run ({error})");
            None
        }
        Err(error) => panic!("CI must have openssl: {error}"),
    }
}

#[test]
fn openssl_verifies_the_chain_and_finds_the_key_to_belong_to_the_leaf() {
    for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384] {
        let dir = tempfile::tempdir().unwrap();
        let issuer = issuer(init(&options(algorithm), NOW).unwrap());
        let issued = issue_all(&bookinfo(), &issuer, &IssueOptions::default(), NOW).unwrap();
        for folder in write_issued(dir.path(), &issued, &KeyProtection::Plaintext).unwrap() {
            let at = NOW.unix_timestamp().to_string();
            let verify =
                ["verify", "-x509_strict", "-attime", &at, "-purpose", "sslclient", "-CAfile", "ca.crt"];
            let verify = [&verify[..], &["-untrusted", "tls.crt", "tls.crt"]].concat();
            let Some(output) = openssl(&verify, &folder) else { return };
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let of_key = openssl(&["pkey", "-in", "tls.key", "-pubout"], &folder).unwrap();
            let of_leaf = openssl(&["x509", "-in", "tls.crt", "-noout", "-pubkey"], &folder).unwrap();
            assert!(of_key.status.success() && of_leaf.status.success());
            assert_eq!(of_key.stdout, of_leaf.stdout);
            let text =
                openssl(&["x509", "-in", "tls.crt", "-noout", "-ext", "subjectAltName"], &folder).unwrap();
            let text = String::from_utf8(text.stdout).unwrap();
            assert!(text.contains("critical") && text.contains("URI:spiffe://cluster.local/ns/"), "{text}");
        }
    }
}
