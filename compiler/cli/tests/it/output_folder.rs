//! Output is replaced as a whole, and only if meshc wrote it.

use std::path::PathBuf;

use crate::run::finish;
use crate::sandbox::{SHOP, Sandbox};

const BUILD: &[&str] = &["build", "mesh", "--emit", "bootstrap,xds", "--out-dir"];

fn build(sandbox: &Sandbox, out_dir: &str) -> crate::run::Run {
    sandbox.run(&[BUILD, &[out_dir]].concat())
}

#[test]
fn a_folder_of_somebody_else_is_refused_and_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP).file("work/notes.txt", "mine");
    let run = build(&sandbox, "work");
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("`work` is not empty and was not written by meshc"), "{}", run.stderr);
    assert_eq!(sandbox.files("work").into_keys().collect::<Vec<_>>(), [PathBuf::from("notes.txt")]);
    assert_eq!(sandbox.entries(), ["mesh", "work"]);
}

#[test]
fn the_input_is_never_replaced_by_the_output() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP);
    let before = sandbox.files("mesh");
    assert_eq!(build(&sandbox, "mesh").code, Some(2));
    assert_eq!(build(&sandbox, "mesh/shop.yaml").code, Some(2));
    assert!(sandbox.files("mesh") == before);
}

#[test]
fn an_empty_folder_is_taken_and_an_old_output_replaced() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP).file("mesh/more.yaml", SHOP.replace("cart", "basket"));
    std::fs::create_dir_all(sandbox.path().join("out")).unwrap();
    assert_eq!(build(&sandbox, "out").code, Some(0));
    let basket = PathBuf::from("xds/shop.basket/clusters.json");
    assert!(sandbox.files("out").contains_key(&basket));
    std::fs::remove_file(sandbox.path().join("mesh/more.yaml")).unwrap();
    assert_eq!(build(&sandbox, "out").code, Some(0));
    assert!(!sandbox.files("out").contains_key(&basket), "nothing of the old output stays");
    assert_eq!(sandbox.entries(), ["mesh", "out"]);
}

#[test]
fn a_tree_that_holds_its_own_output_compiles_again_to_the_same() {
    let sandbox = Sandbox::new();
    sandbox.file("shop.yaml", SHOP);
    let build = || sandbox.run(&["build", "--emit", "bootstrap,xds"]);
    let first = build();
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let before = sandbox.files("dist");
    let second = build();
    assert_eq!((second.code, second.stderr), (Some(0), first.stderr));
    assert!(sandbox.files("dist") == before);
}

#[test]
fn a_full_disk_leaves_the_old_output() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP);
    assert_eq!(build(&sandbox, "out").code, Some(0));
    let before = sandbox.files("out");
    sandbox.file("mesh/more.yaml", SHOP.replace("cart", "basket"));
    // No file may grow beyond four blocks, and the write that would do it fails instead of killing the program.
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("bash");
    command
        .current_dir(sandbox.path())
        .args(["-c", script, env!("CARGO_BIN_EXE_meshc")])
        .args(BUILD)
        .arg("out");
    let run = finish(&mut command);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("cannot write `"), "{}", run.stderr);
    assert!(sandbox.files("out") == before);
    assert_eq!(sandbox.entries(), ["mesh", "out"], "nothing half written stays");
}

#[test]
fn a_place_that_takes_no_folder_is_a_failure() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP);
    // Neither takes folders, not even from root.
    for place in ["/proc/meshc/out", "mesh/shop.yaml/out"] {
        let run = build(&sandbox, place);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains("cannot create"), "{}", run.stderr);
    }
    assert_eq!(sandbox.entries(), ["mesh"]);
}

#[test]
fn xds_alone_is_written_for_review_even_if_the_tree_does_not_compile() {
    let sandbox = Sandbox::new();
    let broken = "---\napiVersion: v1\nkind: Service\nmetadata: {name: UPPER, namespace: shop}\n";
    sandbox.file("mesh/shop.yaml", format!("{SHOP}{broken}"));
    let run = sandbox.run(&["build", "mesh", "--emit", "xds", "--out-dir", "out"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("for review only"), "{}", run.stderr);
    assert!(sandbox.files("out").contains_key(&PathBuf::from("xds/shop.cart/clusters.json")));
}

#[test]
fn what_stays_the_same_keeps_the_time_at_which_it_changed() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP);
    assert_eq!(build(&sandbox, "out").code, Some(0));
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let paths: Vec<PathBuf> = sandbox.files("out").into_keys().collect();
    for path in &paths {
        let file = std::fs::File::options().write(true).open(sandbox.path().join("out").join(path)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    sandbox.file("mesh/more.yaml", SHOP.replace("cart", "basket"));
    let before = sandbox.files("out");
    assert_eq!(build(&sandbox, "out").code, Some(0));
    let after = sandbox.files("out");
    let is_old = |path: &PathBuf| {
        std::fs::metadata(sandbox.path().join("out").join(path)).unwrap().modified().unwrap() == long_ago
    };
    assert!(paths.iter().any(is_old) && !paths.iter().all(is_old), "some files change and others do not");
    for path in &paths {
        assert_eq!(is_old(path), before[path] == after[path], "{}", path.display());
    }
}
