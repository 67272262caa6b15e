//! Every scenario with a `traffic.yaml`, compiled and run with each Envoy.

use std::path::{Path, PathBuf};

use meshc_live::{Input, RunOptions, Traffic, run};

use crate::machine;

#[test]
fn every_scenario_gives_its_verdicts_with_the_oldest_and_the_newest_envoy() {
    let scenarios = scenarios(&machine::root().join("testdata/scenarios"));
    assert!(!scenarios.is_empty(), "there are no scenarios");
    let mut wrong = Vec::new();
    for version in machine::ENVOYS {
        let Some(envoy) = machine::envoy(version) else { return };
        let meshc = machine::meshc();
        for (name, folder) in &scenarios {
            let result = run(
                &RunOptions {
                    scenario: name.clone(),
                    input: Input::Tree { mesh: folder.join("mesh"), meshc: meshc.clone() },
                    traffic: folder.join("traffic.yaml"),
                    envoy: envoy.clone(),
                    program: machine::program(),
                    keep: None,
                },
                &mut |progress| println!("{progress}"),
            );
            match result {
                Ok(report) => {
                    println!("{}", report.table());
                    if !report.passed() {
                        wrong.push(report.table());
                    }
                }
                Err(error) => wrong.push(format!("{name}, Envoy {version}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_traffic_file_is_understood() {
    let scenarios = scenarios(&machine::root().join("testdata/scenarios"));
    assert!(!scenarios.is_empty(), "there are no scenarios");
    for (name, folder) in scenarios {
        let traffic = Traffic::read(&folder.join("traffic.yaml"));
        assert!(traffic.is_ok(), "{name}: {}", traffic.unwrap_err());
    }
}

/// Folders with a `traffic.yaml`, by their path below `root`.
fn scenarios(root: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name == "traffic.yaml") {
                let name = folder.strip_prefix(root).unwrap().display().to_string();
                found.push((name, folder.clone()));
            } else if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}
