//! `meshc ca` as its users run it: keys, certificates, exit codes, and a root that is rotated.

use serde_json::{Value, json};

use crate::run::Run;
use crate::sandbox::Sandbox;

const IDENTITIES: &str = "\
version: 1
trustDomain: cluster.local
requests:
- spiffeId: spiffe://cluster.local/ns/shop/sa/cart
  ttl: 24h
  workloads:
  - namespace: shop
    name: cart-v1
  secret:
    namespace: shop
    name: meshc-sa-cart
- spiffeId: spiffe://cluster.local/ns/shop/sa/payment
  ttl: 12h
  workloads:
  - namespace: shop
    name: payment
  secret:
    namespace: shop
    name: meshc-sa-payment
";

const START: &str = "2026-11-24T12:00:00Z";
/// A day later, and the minute by which certificates reach back.
const DAY_LATER: &str = "2026-11-25T12:01:00Z";
const ISSUE: [&str; 5] = ["ca", "issue", "--identities", "identities.yaml", "--plaintext-keys"];

/// Runs a command at a time.
fn at(sandbox: &Sandbox, now: &str, args: &[&str]) -> Run {
    sandbox.run(&[args, &["--now", now]].concat())
}

/// Runs a command that must end with that code.
fn code(sandbox: &Sandbox, now: &str, args: &[&str], code: i32) -> Run {
    let run = at(sandbox, now, args);
    assert_eq!(run.code, Some(code), "{args:?}: {}{}", run.stdout, run.stderr);
    run
}

/// Its JSON.
fn told(sandbox: &Sandbox, now: &str, args: &[&str], expected: i32) -> Value {
    let run = code(sandbox, now, &[args, &["-o", "json"]].concat(), expected);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

/// An authority and its certificates.
fn authority() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("identities.yaml", IDENTITIES);
    code(&sandbox, START, &["ca", "init", "--plaintext-keys"], 0);
    code(&sandbox, START, &ISSUE, 0);
    sandbox
}

/// What proxies that have loaded the issued certificates answer to `/certs`.
fn report(sandbox: &Sandbox) {
    for (account, pod) in [("cart", "cart-v1-7d9f-x2x4z"), ("payment", "payment-0")] {
        let first = |file: &str| {
            let path = format!("certificates/shop/{account}/{file}");
            let certificates = told(sandbox, START, &["ca", "inspect", &path], 0);
            let facts = certificates["certificates"][0].clone();
            json!({
                "serial_number": facts["serial"].as_str().unwrap().replace(':', ""),
                "subject_alt_names": [{"uri": facts["uris"][0]}],
                "valid_from": facts["notBefore"],
                "expiration_time": facts["notAfter"],
            })
        };
        let certs =
            json!({"certificates": [{"ca_cert": [first("ca.crt")], "cert_chain": [first("tls.crt")]}]});
        sandbox.file(&format!("evidence/shop.{pod}.json"), certs.to_string());
    }
}

fn gate(step: &str) -> [&str; 7] {
    ["ca", "rotate", step, "--identities", "identities.yaml", "--evidence", "evidence"]
}

#[test]
fn a_check_ends_with_1_when_a_certificate_ends_within_the_time_and_with_0_otherwise() {
    let sandbox = authority();
    assert_eq!(code(&sandbox, START, &["ca", "check", "--within", "7d"], 0).stdout, "");
    let all = ["ca", "check", "ca", "certificates", "--within", "7d"];
    let run = code(&sandbox, START, &all, 1);
    let lines: Vec<_> = run.stdout.lines().collect();
    let payment = "warning: `spiffe://cluster.local/ns/shop/sa/payment` expires at 2026-11-25T00:00:00Z";
    assert!(lines.len() == 2 && lines[0].starts_with(payment), "{lines:?}");
    let found = told(&sandbox, DAY_LATER, &all, 1);
    assert_eq!((&found["checked"], &found["expiring"][0]["state"]), (&json!(4), &json!("expired")));
    let soon = told(&sandbox, "2027-11-20T00:00:00Z", &["ca", "check", "--within", "7d"], 1);
    assert_eq!(soon["expiring"].as_array().unwrap().len(), 1, "the intermediate, not the root");
    assert_eq!(code(&sandbox, START, &[&all[..], &["-qq"]].concat(), 1).stdout, "");
    sandbox.file("empty/README.md", "");
    code(&sandbox, START, &["ca", "check", "empty"], 3);
    code(&sandbox, START, &["ca", "check", "nowhere"], 2);
    code(&sandbox, START, &["ca", "check", "--within", "soon"], 2);
}

#[test]
fn certificates_are_shown_with_all_that_matters_from_files_folders_and_stdin() {
    let sandbox = authority();
    let text = code(&sandbox, START, &["ca", "inspect", "certificates/shop/cart/tls.crt"], 0).stdout;
    for row in [
        "file       certificates/shop/cart/tls.crt\nsubject    (empty)\n",
        "names      spiffe://cluster.local/ns/shop/sa/cart (critical)\n",
        "valid      2026-11-24T11:59:00Z to 2026-11-25T12:00:00Z (1d 0h left)\n",
        "authority  no\nkey        ECDSA P-256\nkey usage  digitalSignature\nextended   serverAuth, clientAuth\n",
        "authority  yes, path length 0\n",
    ] {
        assert!(text.contains(row), "{row}: {text}");
    }
    let over =
        code(&sandbox, "2026-11-26T15:00:00Z", &["ca", "inspect", "certificates/shop/cart/tls.crt"], 0);
    assert!(over.stdout.contains("(expired 1d 3h ago)"), "{}", over.stdout);
    let folder = told(&sandbox, START, &["ca", "inspect", "ca", "certificates"], 0);
    let folder = folder["certificates"].as_array().unwrap();
    let files: Vec<_> = folder.iter().map(|found| found["file"].as_str().unwrap()).collect();
    assert_eq!(files.len(), 8);
    assert_eq!(files[..2], ["ca/intermediate.crt", "ca/root.crt"]);
    assert_eq!(folder[1]["sha256"].as_str().unwrap().split(':').count(), 32);
    assert_eq!(folder[1]["uris"], json!(["spiffe://cluster.local"]));
    let root = std::fs::read(sandbox.path().join("ca/root.crt")).unwrap();
    let stdin =
        crate::run::finish_with_input(&mut sandbox.meshc(&["ca", "inspect", "-", "-o", "json"]), &root);
    let stdin: Value = serde_json::from_str(&stdin.stdout).unwrap();
    assert_eq!(stdin["certificates"][0]["sha256"], folder[1]["sha256"]);
    sandbox.file("empty/README.md", "").file("key.crt", "no certificate");
    code(&sandbox, START, &["ca", "inspect", "empty"], 3);
    code(&sandbox, START, &["ca", "inspect", "nowhere"], 2);
    code(&sandbox, START, &["ca", "inspect", "key.crt"], 2);
}

#[test]
fn keys_are_written_in_plaintext_only_when_that_is_asked_for_by_name() {
    let sandbox = Sandbox::new();
    for args in [&["ca", "init"][..], &["ca", "rotate", "add"], &["ca", "rotate", "intermediate"]] {
        let run = code(&sandbox, START, args, 2);
        assert!(
            run.stderr.contains("--encrypt-to") && run.stderr.contains("--plaintext-keys"),
            "{}",
            run.stderr
        );
    }
    assert!(sandbox.entries().is_empty());
}

#[test]
fn a_root_is_rotated_in_steps_that_tell_what_is_missing_and_what_is_next() {
    let sandbox = authority();
    let phase = |now: &str| told(&sandbox, now, &["ca", "rotate", "status"], 0)["phase"].clone();
    assert_eq!(phase(START), Value::Null);
    let added = code(&sandbox, START, &["ca", "rotate", "add", "--plaintext-keys"], 0);
    assert!(
        added.stderr.contains("Now in phase add") && added.stderr.contains("meshc ca issue"),
        "{}",
        added.stderr
    );
    let again = code(&sandbox, DAY_LATER, &["ca", "rotate", "add", "--plaintext-keys"], 0);
    assert!(again.stderr.contains("In phase add, since 2026-11-24T12:00:00Z"), "{}", again.stderr);

    report(&sandbox);
    let refused = code(&sandbox, START, &gate("switch"), 1);
    let missing = "missing[root-not-loaded]: shop/cart-v1-7d9f-x2x4z does not trust the new root yet, only ";
    assert_eq!(refused.stdout.lines().count(), 2);
    assert!(refused.stdout.starts_with(missing), "{}", refused.stdout);
    assert!(refused.stderr.contains("nothing was changed"), "{}", refused.stderr);
    code(&sandbox, START, &ISSUE, 0);
    report(&sandbox);
    let switched = told(&sandbox, START, &gate("switch"), 0);
    assert_eq!(
        (&switched["phase"], &switched["made"], &switched["oldLeavesEnd"]),
        (&json!("switch"), &json!(true), &json!(DAY_LATER))
    );

    let missing = |now: &str| {
        let told = told(&sandbox, now, &gate("remove"), 1);
        assert_eq!(told["made"], json!(false));
        let missing = told["missing"].as_array().unwrap();
        missing.iter().map(|gap| gap["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(missing(DAY_LATER), ["not-issued", "not-issued", "other-leaf", "other-leaf"]);
    code(&sandbox, START, &ISSUE, 0);
    report(&sandbox);
    assert_eq!(missing(START), ["too-early"]);
    code(&sandbox, DAY_LATER, &gate("remove"), 0);
    assert_eq!(phase(DAY_LATER), json!("done"));
    let names: Vec<_> = sandbox.files("ca").into_keys().map(|path| path.display().to_string()).collect();
    assert_eq!(names, ["intermediate.crt", "intermediate.key", "root.crt", "root.key", "rotation.yaml"]);
    let late = code(&sandbox, START, &["ca", "rotate", "abort"], 0);
    assert!(late.stderr.contains("no rotation is under way"), "{}", late.stderr);
}

#[test]
fn a_rotation_is_given_up_before_leaves_are_of_the_new_root() {
    let sandbox = authority();
    let before = sandbox.files("ca");
    code(&sandbox, START, &["ca", "rotate", "add", "--plaintext-keys"], 0);
    assert_ne!(sandbox.files("ca"), before);
    assert_eq!(told(&sandbox, START, &["ca", "rotate", "abort"], 0)["made"], json!(true));
    assert_eq!(sandbox.files("ca"), before);
    let kept = told(&sandbox, START, &ISSUE, 0);
    assert_eq!(kept["certificates"][0]["kept"], json!(true), "nothing was issued meanwhile");
}

#[test]
fn evidence_that_is_none_and_a_step_out_of_order_are_failures() {
    let sandbox = authority();
    sandbox.file("evidence/shop.cart.json", "");
    let run = code(&sandbox, START, &gate("switch"), 2);
    assert!(run.stderr.contains("evidence/shop.cart.json is no evidence"), "{}", run.stderr);
    sandbox.file("evidence/shop.cart.json", r#"{"certificates": []}"#);
    let run = code(&sandbox, START, &gate("switch"), 2);
    assert!(run.stderr.contains("`meshc ca rotate add`"), "{}", run.stderr);
    let run = code(&sandbox, START, &["ca", "rotate", "status", "-o", "mermaid"], 2);
    assert!(run.stderr.contains("it has human, concise, json"), "{}", run.stderr);
    let run = code(&sandbox, START, &["ca", "rotate", "switch", "--identities", "identities.yaml"], 2);
    assert!(run.stderr.contains("--evidence"), "{}", run.stderr);
}

#[test]
fn leaves_that_are_not_half_over_are_issued_again_all_or_by_name() {
    let sandbox = authority();
    let kept = |args: &[&str]| {
        let told = told(&sandbox, START, args, 0);
        let certificates = told["certificates"].as_array().unwrap();
        certificates.iter().map(|line| line["kept"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    let leaves = ["ca", "rotate", "leaves", "--identities", "identities.yaml", "--plaintext-keys"];
    assert_eq!(kept(&ISSUE), [true, true]);
    assert_eq!(kept(&leaves), [false, false]);
    let only = |id| [&leaves[..], &["--only", id]].concat();
    assert_eq!(kept(&only("spiffe://cluster.local/ns/shop/sa/payment")), [true, false]);
    let run = code(&sandbox, START, &only("spiffe://cluster.local/ns/shop/sa/nobody"), 2);
    assert!(
        run.stderr.contains("does not ask for spiffe://cluster.local/ns/shop/sa/nobody"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_intermediate_is_renewed_before_it_ends_and_certificates_go_on() {
    let sandbox = authority();
    let later = "2027-11-20T00:00:00Z";
    code(&sandbox, later, &["ca", "check", "--within", "7d"], 1);
    let renewed = told(&sandbox, later, &["ca", "rotate", "intermediate", "--plaintext-keys"], 0);
    assert_eq!(renewed["notAfter"], json!("2028-11-19T00:00:00Z"));
    code(&sandbox, later, &["ca", "check", "--within", "7d"], 0);
    code(&sandbox, later, &ISSUE, 0);
    let chain = told(&sandbox, later, &["ca", "inspect", "certificates/shop/cart/tls.crt"], 0);
    assert_eq!(chain["certificates"][1]["subject"], renewed["subject"]);
}
