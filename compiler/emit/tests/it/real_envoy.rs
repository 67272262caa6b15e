//! Bootstraps, as emitted, given to the real Envoy.

use std::path::{Path, PathBuf};
use std::process::Command;

use meshc_diagnostics::Diagnostics;
use meshc_emit::envoy::{CONFIG_DIRECTORY, EnvoyOptions, EnvoySets, EnvoyVersion};
use meshc_emit::{Emitters, TargetChoice, emit};
use meshc_plan::Plan;

/// Every Envoy below `MESHC_ENVOY_DIR` (`/opt` unless stated): `envoy-<version>/bin/envoy`.
fn envoys() -> Vec<PathBuf> {
    let root = std::env::var("MESHC_ENVOY_DIR").unwrap_or_else(|_| "/opt".into());
    let mut found: Vec<PathBuf> = std::fs::read_dir(&root)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("envoy-"))
        .map(|entry| entry.path().join("bin/envoy"))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    if found.is_empty() {
        assert!(
            std::env::var_os("CI").is_none(),
            "no Envoy below {root}: install one or set MESHC_ENVOY_DIR"
        );
        eprintln!("skipped: no Envoy below {root}; MESHC_ENVOY_DIR names another folder");
    }
    found
}

/// Writes the bootstraps below a folder, which then stands for the folder that they are mounted in.
fn write(plan: &Plan, options: &EnvoyOptions, folder: &Path) -> Vec<PathBuf> {
    let mut diagnostics = Diagnostics::new();
    let artifacts = emit(
        plan,
        EnvoySets { bootstrap: true, xds: false },
        &mut Emitters::new(plan, TargetChoice::default(), options.clone()),
        &mut diagnostics,
    );
    assert!(!diagnostics.has_errors(), "{:?}", diagnostics.into_sorted());
    let mut bootstraps = Vec::new();
    for (path, content) in artifacts.iter() {
        let target = folder.join(path.as_str());
        let proxy =
            target.ancestors().find(|path| path.parent().is_some_and(|p| p.ends_with("bootstrap"))).unwrap();
        let mounted = format!("\"{}", proxy.display());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(&target, content.to_text().replace(&format!("\"{CONFIG_DIRECTORY}"), &mounted))
            .unwrap();
        if path.file_name() == "bootstrap.json" {
            bootstraps.push(target);
        }
    }
    bootstraps
}

fn is_accepted(plan: &Plan, options: &EnvoyOptions, test: &str) {
    for envoy in envoys() {
        let version = envoy.ancestors().nth(2).unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test).join(&version);
        for bootstrap in write(plan, options, &folder) {
            let output = Command::new(&envoy)
                .args(["--mode", "validate", "--log-level", "error", "-c"])
                .arg(&bootstrap)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{version} {}\n{said}", bootstrap.display());
        }
    }
}

#[test]
fn every_supported_envoy_loads_the_sidecar_of_productpage() {
    is_accepted(
        &crate::plan::plan([crate::plan::bookinfo::productpage()]),
        &EnvoyOptions::default(),
        "productpage",
    );
}

#[test]
fn every_supported_envoy_loads_one_of_everything() {
    is_accepted(
        &crate::plan::plan([crate::plan::everything::gateway()]),
        &EnvoyOptions::default(),
        "everything",
    );
}

#[test]
fn the_newest_envoy_loads_what_only_it_knows() {
    let options = EnvoyOptions { oldest: EnvoyVersion::V1_40, ..EnvoyOptions::default() };
    let plan = crate::plan::plan([crate::plan::bookinfo::productpage()]);
    let Some(envoy) = envoys().into_iter().find(|path| path.to_string_lossy().contains("envoy-1.40")) else {
        eprintln!("skipped: no Envoy 1.40");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("newest");
    for bootstrap in write(&plan, &options, &folder) {
        let text = std::fs::read_to_string(&bootstrap).unwrap();
        assert!(text.contains("qcacheMaxTtl"));
        let output =
            Command::new(&envoy).args(["--mode", "validate", "-c"]).arg(&bootstrap).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
