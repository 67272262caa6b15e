//! Input from a pipe.

use crate::run::finish_with_input;
use crate::sandbox::{SHOP, Sandbox};

const BUILD: &[&str] = &["build", "-", "--out-dir", "out", "--emit", "xds", "-o", "concise"];

#[test]
fn a_tree_can_come_from_a_pipe() {
    let sandbox = Sandbox::new();
    let run = finish_with_input(&mut sandbox.meshc(BUILD), SHOP.as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let from_pipe = sandbox.files("out");
    sandbox.file("shop.yaml", SHOP);
    assert_eq!(sandbox.run(&["build", "shop.yaml", "--out-dir", "out", "--emit", "xds"]).code, Some(0));
    assert!(from_pipe == sandbox.files("out"));
}

#[test]
fn a_finding_in_a_pipe_has_its_place() {
    let sandbox = Sandbox::new();
    let run = finish_with_input(&mut sandbox.meshc(BUILD), b"kind: A\ndata: a: b\n");
    assert_eq!((run.code, run.findings()), (Some(1), vec!["<stdin>:2:8: error[yaml-syntax]"]));
    assert!(sandbox.entries().is_empty());
}

#[test]
fn an_empty_pipe_is_no_input() {
    let sandbox = Sandbox::new();
    let run = finish_with_input(&mut sandbox.meshc(BUILD), b"");
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(sandbox.entries().is_empty());
}

#[test]
fn binary_data_in_a_pipe_is_refused() {
    let sandbox = Sandbox::new();
    let run = finish_with_input(&mut sandbox.meshc(BUILD), b"\x1f\x8b\x08\x00gzip");
    assert_eq!((run.code, run.findings()), (Some(1), vec!["<stdin>:1:2: error[binary-file]"]));
}
