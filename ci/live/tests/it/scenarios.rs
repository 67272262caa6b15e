//! Every scenario with a `traffic.yaml`, compiled and run with each Envoy.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use meshc_live::{Input, RunOptions, Traffic, run};

use crate::machine;

/// How many scenarios run at once: much of a run is waiting for the next time that a proxy asks DNS.
const AT_ONCE: usize = 3;

#[test]
fn every_scenario_gives_its_verdicts_with_the_oldest_and_the_newest_envoy() {
    let scenarios = scenarios(&machine::root().join("testdata/scenarios"));
    assert!(!scenarios.is_empty(), "there are no scenarios");
    let mut runs = Vec::new();
    for version in machine::ENVOYS {
        let Some(envoy) = machine::envoy(version) else { return };
        runs.extend(scenarios.iter().map(|(name, folder)| (name, folder, envoy.clone())));
    }
    let meshc = machine::meshc();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, folder, envoy)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(problem) = carry_out(name, folder, envoy, &meshc) {
                        wrong.lock().unwrap().push(problem);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn carry_out(name: &str, folder: &Path, envoy: &Path, meshc: &Path) -> Result<(), String> {
    let options = RunOptions {
        scenario: name.to_owned(),
        input: Input::Tree { mesh: folder.join("mesh"), meshc: meshc.to_owned() },
        traffic: folder.join("traffic.yaml"),
        envoy: envoy.to_owned(),
        program: machine::program(),
        keep: None,
    };
    let report =
        run(&options, &mut |_| {}).map_err(|error| format!("{name}, {}: {error}", envoy.display()))?;
    if report.passed() {
        println!("{}", report.table());
        Ok(())
    } else {
        Err(report.table())
    }
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
