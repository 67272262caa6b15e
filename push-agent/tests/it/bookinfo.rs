//! What the compiler makes of bookinfo, on the real API server.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::agent::Agent;
use crate::api::Api;
use crate::release::namespace;
use crate::rollout::Rollouts;
use crate::server;

/// The compiler: `MESHC_BIN`, else that of the profile of this test, which cargo brings up to date.
fn meshc() -> PathBuf {
    if let Some(binary) = std::env::var_os("MESHC_BIN") {
        return PathBuf::from(binary);
    }
    let folder = Path::new(env!("CARGO_BIN_EXE_meshc-agent")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "-p", "meshc", "--bin", "meshc"]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.current_dir(root()).status().unwrap().success(), "meshc does not build");
    folder.join("meshc")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_manifests_of_bookinfo_are_accepted_whole() {
    let Some(server) = server::shared() else { return };
    let dist = tempfile::tempdir().unwrap();
    let out = dist.path().join("dist");
    let mut build = Command::new(meshc());
    build.arg("build").arg("testdata/scenarios/bookinfo/mesh").arg("--out-dir").arg(&out).current_dir(root());
    assert!(build.output().unwrap().status.success());
    let (api, agent) = (Api::connect(server), Agent::of(server));
    for name in ["bookinfo", "istio-ingress"] {
        api.create("/api/v1/namespaces", &namespace(name));
    }
    let _rollouts = Rollouts::start(server, &["bookinfo", "istio-ingress"]);
    let first = agent.push(&out, &["--wait-timeout", "180s"]).well();
    assert!(first.stdout.ends_with("applied, 0 unchanged, 0 pruned\n"), "{}", first.stdout);
    let applied: usize = first.stdout.split(' ').next().unwrap().parse().unwrap();
    assert!(applied > 30, "{applied}");
    let deployments = api.items("/apis/apps/v1/namespaces/bookinfo/deployments");
    assert_eq!(deployments.len(), 6);
    for deployment in &deployments {
        let containers = deployment["spec"]["template"]["spec"]["initContainers"].as_array().unwrap();
        assert!(containers.iter().any(|container| container["name"] == "istio-proxy"));
    }
    let again = agent.push(&out, &[]).well();
    assert_eq!(again.stdout, format!("0 applied, {applied} unchanged, 0 pruned\n"));
}
