//! Every bootstrap that is compiled loads in the oldest and the newest Envoy that we support.

use std::fs;
use std::path::{Path, PathBuf};

use crate::recorded::{conformance, recordings, settings};
use crate::run::{finish, meshc};
use crate::scenarios;

/// The oldest and the newest Envoy. With `CI` set they must be there.
fn envoys() -> Option<[PathBuf; 2]> {
    let folder = std::env::var_os("MESHC_ENVOY_DIR").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME")?;
        Some(Path::new(&home).join(".cache/meshc/envoy"))
    })?;
    let envoys = ["1.36.4", "1.40.0"].map(|version| folder.join(format!("envoy-{version}/bin/envoy")));
    if envoys.iter().all(|envoy| envoy.is_file()) {
        return Some(envoys);
    }
    assert!(std::env::var_os("CI").is_none(), "no Envoys below {}", folder.display());
    eprintln!("skipped: no Envoys below {}; ci/setup installs them", folder.display());
    None
}

/// Compiles each tree with its flags, and lets both Envoys load what comes of it.
fn load(trees: &[(PathBuf, Vec<String>)]) {
    let Some(envoys) = envoys() else { return };
    let outputs = tempfile::tempdir().unwrap();
    let mut command = meshc(outputs.path());
    command.arg("verify");
    for (index, (tree, flags)) in trees.iter().enumerate() {
        let out = outputs.path().join(index.to_string());
        let input = ["input", "mesh"].into_iter().find(|input| tree.join(input).is_dir()).unwrap_or(".");
        let built = finish(
            meshc(tree)
                .arg("build")
                .arg(input)
                .args(flags)
                .args(["--emit", "bootstrap", "--out-dir"])
                .arg(&out),
        );
        assert!(out.is_dir(), "{}: {}", tree.display(), built.stderr);
        command.arg(&out);
    }
    for envoy in envoys {
        command.arg("--envoy").arg(envoy);
    }
    let verified = finish(&mut command);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
    assert_eq!(verified.stdout.matches(" loads ").count(), 2, "{}", verified.stdout);
}

fn inject_all() -> Vec<String> {
    vec!["--inject".to_owned(), "all".to_owned()]
}

#[test]
fn envoys_load_the_bootstraps_of_recorded_samples() {
    let Some(conformance) = conformance() else { return };
    let name = |folder: &Path| folder.file_name().unwrap().to_string_lossy().into_owned();
    let samples: Vec<_> = recordings(&conformance)
        .into_iter()
        // In ambient mode no workload has a proxy of its own.
        .filter(|folder| name(folder).starts_with("sample-") && !name(folder).contains("ambient"))
        .map(|folder| (folder.clone(), settings(&folder)))
        .collect();
    load(&samples);
}

#[test]
fn envoys_load_the_bootstraps_of_istios_samples() {
    let Some(conformance) = conformance() else { return };
    let entries = fs::read_dir(conformance.join("istio-samples")).unwrap();
    let mut trees: Vec<_> = entries.map(|entry| (entry.unwrap().path(), inject_all())).collect();
    trees.retain(|(folder, _)| folder.is_dir());
    trees.sort();
    load(&trees);
}

#[test]
fn envoys_load_the_bootstraps_of_scenarios() {
    let trees: Vec<_> =
        scenarios::all().into_iter().map(|scenario| (scenario.folder, scenario.options.flags)).collect();
    load(&trees);
}

/// The bundled proxy, which `ci/test` names. With `CI` set it must be there.
fn meshc_proxy() -> Option<PathBuf> {
    let binary = std::env::var_os("MESHC_PROXY_BIN").map(PathBuf::from);
    if binary.is_none() {
        assert!(std::env::var_os("CI").is_none(), "MESHC_PROXY_BIN must name the bundled proxy");
        eprintln!("skipped: MESHC_PROXY_BIN does not name the bundled proxy");
    }
    binary
}

/// Compiles each tree for the bundled proxy, and lets it load what comes of it. Trees that need Envoy are passed over; gives the
/// number of the others.
fn load_in_meshc_proxy(trees: &[(PathBuf, Vec<String>)]) -> usize {
    let Some(binary) = meshc_proxy() else { return trees.len() };
    let outputs = tempfile::tempdir().unwrap();
    let mut command = meshc(outputs.path());
    command.arg("verify").arg("--proxy").arg(binary);
    let mut count = 0;
    for (index, (tree, flags)) in trees.iter().enumerate() {
        let out = outputs.path().join(index.to_string());
        let input = if tree.join("input").is_dir() { "input" } else { "mesh" };
        let mut build = meshc(tree);
        build.args(["build", input, "--target", "proxy", "--emit", "bootstrap", "--out-dir"]).arg(&out);
        let built = finish(build.args(flags));
        if out.is_dir() {
            command.arg(&out);
            count += 1;
        } else {
            assert!(built.stderr.contains("needs-envoy"), "{}: {}", tree.display(), built.stderr);
        }
    }
    let verified = finish(&mut command);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
    count
}

#[test]
fn the_bundled_proxy_loads_every_scenario() {
    let trees: Vec<_> =
        scenarios::all().into_iter().map(|scenario| (scenario.folder, scenario.options.flags)).collect();
    assert_eq!(load_in_meshc_proxy(&trees), trees.len());
}

#[test]
fn the_bundled_proxy_loads_recorded_samples() {
    let Some(conformance) = conformance() else { return };
    let name = |folder: &Path| folder.file_name().unwrap().to_string_lossy().into_owned();
    let samples: Vec<_> = recordings(&conformance)
        .into_iter()
        .filter(|folder| name(folder).starts_with("sample-") && !name(folder).contains("ambient"))
        .map(|folder| (folder.clone(), settings(&folder)))
        .collect();
    assert!(load_in_meshc_proxy(&samples) > samples.len() / 2);
}

#[test]
fn a_configuration_that_the_bundled_proxy_refuses_is_told_with_its_reason() {
    let Some(binary) = meshc_proxy() else { return };
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("bootstrap/shop.cart");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("proxy.json"), r#"{"version": 99}"#).unwrap();
    let mut command = meshc(out.path());
    let run = finish(command.args(["verify", ".", "--proxy"]).arg(binary));
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("refuses ./bootstrap/shop.cart") && run.stdout.contains("99"),
        "{}",
        run.stdout
    );
}
