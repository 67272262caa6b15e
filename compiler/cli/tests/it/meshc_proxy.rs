//! `meshc build --target proxy`: golden files, and the choice of single workloads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::golden;
use crate::run::{Run, finish, meshc};
use crate::sandbox::{Files, files};

/// Builds bookinfo with flags.
fn build(flags: &[&str]) -> (Run, Files) {
    let out = tempfile::tempdir().unwrap();
    let out_dir = out.path().join("out");
    let scenario = golden::root().join("testdata/scenarios/bookinfo");
    let mut command = meshc(&scenario);
    command.args(["build", "mesh", "--emit", "k8s,bootstrap,xds", "--out-dir"]).arg(&out_dir).args(flags);
    (finish(&mut command), files(&out_dir))
}

#[test]
fn bookinfo_compiles_for_the_bundled_proxy_to_its_golden_files() {
    let (run, output) = build(&["--target", "proxy"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!output.keys().any(|path| path.starts_with("xds")), "xDS is Envoy's");
    let reviewed = [
        "bootstrap/bookinfo.productpage-v1/proxy.json",
        "bootstrap/bookinfo.reviews-v2/proxy.json",
        "bootstrap/istio-ingress.ingressgateway/proxy.json",
        "k8s/namespaces/bookinfo/deployment-reviews-v2.yaml",
        "k8s/namespaces/istio-ingress/deployment-ingressgateway.yaml",
    ];
    let text = |path: &str| String::from_utf8(output[Path::new(path)].clone()).unwrap();
    let expected: BTreeMap<PathBuf, String> =
        reviewed.iter().map(|path| (PathBuf::from(path), text(path))).collect();
    golden::assert("proxy/bookinfo", &expected);
}

#[test]
fn single_workloads_run_another_proxy_than_all_others() {
    let (run, output) = build(&["--target", "bookinfo/reviews-v2=proxy", "--target", "envoy"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let has = |path: &str| output.contains_key(Path::new(path));
    assert!(has("bootstrap/bookinfo.reviews-v2/proxy.json"));
    assert!(!has("bootstrap/bookinfo.reviews-v2/bootstrap.json"));
    assert!(has("bootstrap/bookinfo.reviews-v1/bootstrap.json"));
    let (run, output) = build(&["--target", "bookinfo/review-v2=proxy"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("bookinfo/review-v2") && output.is_empty(), "{}", run.stderr);
}
