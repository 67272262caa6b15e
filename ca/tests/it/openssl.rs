//! Chains and keys, as OpenSSL sees them.

use std::path::Path;
use std::process::Output;

use meshc_ca::{IssueOptions, KeyAlgorithm, KeyProtection, init, issue_all, write_issued};

use crate::mesh::{NOW, bookinfo, issuer, options};
use crate::program::{run, stdout};

fn openssl(args: &[&str], dir: &Path) -> Option<Output> {
    run("openssl", args, dir, &[], "CI")
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
            let Some(verified) = openssl(&verify, &folder) else { return };
            assert!(stdout(verified).contains("tls.crt: OK"));
            let of_key = openssl(&["pkey", "-in", "tls.key", "-pubout"], &folder).unwrap();
            let of_leaf = openssl(&["x509", "-in", "tls.crt", "-noout", "-pubkey"], &folder).unwrap();
            assert_eq!(stdout(of_key), stdout(of_leaf));
            let names =
                openssl(&["x509", "-in", "tls.crt", "-noout", "-ext", "subjectAltName"], &folder).unwrap();
            let names = stdout(names);
            assert!(
                names.contains("critical") && names.contains("URI:spiffe://cluster.local/ns/"),
                "{names}"
            );
        }
    }
}
