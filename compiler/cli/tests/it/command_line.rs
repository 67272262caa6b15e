//! Flags, paths and exit codes.

use crate::sandbox::{SHOP, Sandbox};

#[test]
fn a_tree_without_manifests_is_no_input() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/README.md", "# no manifests here\n");
    let run = sandbox.run(&["build", "mesh", "--out-dir", "out"]);
    assert_eq!(run.code, Some(3));
    assert!(run.stderr.contains("no .yaml, .yml or .json file in `mesh`"), "{}", run.stderr);
    assert_eq!(sandbox.entries(), ["mesh"]);
}

#[test]
fn manifests_without_objects_are_no_input() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/empty.yaml", "").file("mesh/comments.yaml", "# one\n---\n# two\n---\n");
    let run = sandbox.run(&["build", "mesh", "--out-dir", "out"]);
    assert_eq!(run.code, Some(3));
    assert!(run.stderr.contains("no Kubernetes or Istio object in `mesh`"), "{}", run.stderr);
    assert_eq!(sandbox.entries(), ["mesh"]);
}

#[test]
fn what_cannot_be_done_at_all_is_a_failure_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP);
    let cases: [(&[&str], &str); 9] = [
        (&["build", "nowhere"], "cannot read `nowhere`"),
        (&["build", "mesh", "--mesh-config", "nowhere.yaml"], "cannot read `nowhere.yaml`"),
        (&["build", "mesh", "--mesh-config", "mesh"], "`mesh` is not a file"),
        (&["build", "mesh", "--istiod-env", "-"], "`-` is not a file"),
        (&["build", "mesh", "--emitt", "xds"], "'--emit'"),
        (&["build", "mesh", "--emit", "yaml"], "xds"),
        (&["build", "mesh", "-o", "mermaid"], "human, concise, json"),
        (&["biuld", "mesh"], "'build'"),
        (&[], "Usage: meshc"),
    ];
    for (args, says) in cases {
        let run = sandbox.run(args);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{args:?}: {}", run.stderr);
    }
    assert_eq!(sandbox.entries(), ["mesh"], "a failure writes nothing");
}

#[test]
fn quiet_runs_say_less_with_the_same_exit_code() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/a.yaml", "kind: A\ndata: a: b\n");
    let run = |quiet: &[&str]| sandbox.run(&[&["build", "mesh", "--out-dir", "out"], quiet].concat());
    let (normal, quiet, silent) = (run(&[]), run(&["-q"]), run(&["-qq"]));
    assert_eq!([normal.code, quiet.code, silent.code], [Some(1); 3]);
    assert!(normal.stderr.contains("error[yaml-syntax]") && normal.stderr.contains("Found 1 error"));
    assert!(quiet.stderr.contains("error[yaml-syntax]") && !quiet.stderr.contains("Found 1 error"));
    assert_eq!(silent.stderr, "");
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/a.yaml", "kind: A\ndata: a: b\n");
    let run = |color: &[&str]| sandbox.run(&[&["build", "mesh", "--out-dir", "out"], color].concat()).stderr;
    assert!(!run(&[]).contains('\u{1b}'));
    assert!(run(&["--color", "always"]).contains('\u{1b}'));
}

#[test]
fn control_characters_of_the_input_do_not_reach_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/a.yaml", "apiVersion: v1\nkind: \"Serv\\e[31mice\"\nmetadata:\n  name: a\u{9b}31m\n");
    let run = sandbox.run(&["build", "mesh", "--out-dir", "out"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(!run.stderr.contains(['\u{1b}', '\u{9b}']), "{:?}", run.stderr);
}

#[test]
fn a_large_file_is_read_like_a_small_one() {
    let sandbox = Sandbox::new();
    let filler = "x".repeat(100);
    let data: String = (0..9).map(|key| format!("  k{key}: {filler}\n")).collect();
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  namespace: shop\n";
    let config_maps: String =
        (0..10_000).map(|number| format!("{head}  name: c{number}\ndata:\n{data}---\n")).collect();
    assert!(config_maps.len() > 10_000_000);
    sandbox.file("mesh/large.yaml", config_maps + SHOP);
    let run = sandbox.run(&["build", "mesh", "--out-dir", "out", "--emit", "xds", "-qq"]);
    assert_eq!(run.code, Some(0));
    assert!(sandbox.files("out").len() > 3);
}

#[test]
fn byte_order_marks_and_windows_line_ends_change_nothing() {
    let sandbox = Sandbox::new();
    let build = |text: String| {
        sandbox.file("mesh/shop.yaml", text);
        let run = sandbox.run(&["build", "mesh", "--out-dir", "out", "--emit", "bootstrap,xds"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        sandbox.files("out")
    };
    let plain = build(SHOP.to_owned());
    assert!(build(format!("\u{feff}{}", SHOP.replace('\n', "\r\n"))) == plain);
}

#[test]
fn json_and_lists_compile_to_what_yaml_does() {
    let sandbox = Sandbox::new();
    let build = |path: &str| {
        let run = sandbox.run(&["build", path, "--out-dir", "out", "--emit", "bootstrap,xds"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        sandbox.files("out")
    };
    let items: String =
        SHOP.split("---\n").map(|document| format!("- {}", document.replace('\n', "\n  "))).collect();
    let items = items.replace("  - apiVersion", "- apiVersion");
    sandbox.file("yaml/shop.yaml", SHOP);
    sandbox.file("list/shop.yaml", format!("apiVersion: v1\nkind: List\nitems:\n{items}\n"));
    assert!(build("yaml") == build("list"));
}

#[test]
fn settings_are_read_wherever_they_are_and_are_no_part_of_the_tree() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP).file("mesh/settings.yaml", "connectTimeout: 7s\n");
    let absolute = sandbox.path().join("mesh/settings.yaml");
    let outputs = ["mesh/settings.yaml", "./mesh//settings.yaml", &absolute.to_string_lossy()].map(|path| {
        let args = ["build", "mesh/shop.yaml", "--mesh-config", path, "--out-dir", "out", "--emit", "xds"];
        let run = sandbox.run(&args);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.starts_with("No findings"), "{path}: {}", run.stderr);
        sandbox.files("out")
    });
    assert!(outputs.iter().all(|output| *output == outputs[0]));
    let clusters = &outputs[0][std::path::Path::new("xds/shop.cart/clusters.json")];
    assert!(String::from_utf8_lossy(clusters).contains("\"connectTimeout\": \"7s\""));
}

#[test]
fn broken_settings_are_told_with_their_place() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP);
    sandbox.file("settings.yaml", "trustDomain: 5\naccessLogFil: /dev/stdout\n");
    sandbox.file("networks.yaml", "networks: []\n").file("istiod.env", "# flags\nno line\n");
    let settings = ["--mesh-config", "settings.yaml", "--mesh-networks", "networks.yaml"];
    let rest = ["--istiod-env", "istiod.env", "--out-dir", "out", "-o", "concise"];
    let run = sandbox.run(&[&["build", "mesh"][..], &settings, &rest].concat());
    let told = [
        "istiod.env:2:1: warning[invalid-istiod-flag]",
        "networks.yaml:1:11: error[invalid-value]",
        "settings.yaml:1:14: error[invalid-value]",
        "settings.yaml:2:1: warning[unknown-field]",
    ];
    assert_eq!((run.code, run.findings().as_slice()), (Some(1), told.as_slice()), "{}", run.stderr);
    assert!(!sandbox.entries().contains(&"out".to_owned()));
}
