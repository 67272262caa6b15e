//! Every scenario with a `traffic.yaml`, compiled and run with each Envoy.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use meshc_live::{Input, RunOptions, Traffic, run};

use crate::machine;

/// How many scenarios run at once: much of a run is waiting for the next time that a proxy asks DNS.
const AT_ONCE: usize = 3;

/// One scenario on certain proxies.
struct Case {
    name: String,
    folder: PathBuf,
    envoy: PathBuf,
    /// Values of `meshc build --target`.
    targets: Vec<String>,
}

/// Scenarios that run with both kinds of proxy at once, with the workloads that run the bundled proxy in the first of two runs,
/// and Envoy in the second. In bookinfo every call is between two kinds; in the others the client is of one and the servers are
/// of the other.
const MIXED: [(&str, &[&str]); 9] = [
    (
        "bookinfo",
        &[
            "istio-ingress/ingressgateway",
            "bookinfo/reviews-v1",
            "bookinfo/reviews-v2",
            "bookinfo/reviews-v3",
            "bookinfo/details-v1",
        ],
    ),
    ("gateway/tls-passthrough", &["istio-ingress/ingressgateway"]),
    ("gateway/tls-terminate", &["istio-ingress/ingressgateway"]),
    ("http/grpc", &["shop/client-v1"]),
    ("http/mirror", &["shop/client-v1"]),
    ("http/retry-on-503", &["shop/client-v1"]),
    ("security/allow-by-principal", &["shop/client-v1"]),
    ("security/mtls-modes", &["shop/client-v1"]),
    ("tcp/echo-mtls", &["shop/client-v1"]),
];

#[test]
fn every_scenario_gives_its_verdicts_with_the_oldest_and_the_newest_envoy() {
    let mut cases = Vec::new();
    for version in machine::ENVOYS {
        let Some(envoy) = machine::envoy(version) else { return };
        cases.extend(all().into_iter().map(|(name, folder)| Case {
            name,
            folder,
            envoy: envoy.clone(),
            targets: Vec::new(),
        }));
    }
    carry_out(&cases, None);
}

#[test]
fn every_scenario_gives_the_same_verdicts_with_the_bundled_proxy_and_mixed_with_envoy() {
    let Some(envoy) = machine::envoy(machine::ENVOYS[1]) else { return };
    let mut cases = Vec::new();
    for (name, folder) in all() {
        let mixed =
            MIXED.iter().find(|(mixed, _)| *mixed == name).map_or(&[][..], |(_, workloads)| *workloads);
        let targets = |default: &str, other: &str| {
            let named = mixed.iter().map(|workload| format!("{workload}={other}"));
            std::iter::once(default.to_owned()).chain(named).collect::<Vec<_>>()
        };
        let mut combinations = vec![vec!["proxy".to_owned()]];
        if !mixed.is_empty() {
            combinations.extend([targets("envoy", "proxy"), targets("proxy", "envoy")]);
        }
        cases.extend(combinations.into_iter().map(|targets| Case {
            name: name.clone(),
            folder: folder.clone(),
            envoy: envoy.clone(),
            targets,
        }));
    }
    carry_out(&cases, Some(machine::meshc_proxy()));
}

/// Runs cases, some at a time. Fails with the tables of those whose verdicts are wrong.
fn carry_out(cases: &[Case], meshc_proxy: Option<PathBuf>) {
    assert!(!cases.is_empty(), "there are no scenarios");
    let meshc = machine::meshc();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(problem) = carry_out_one(case, &meshc, meshc_proxy.as_deref()) {
                        wrong.lock().unwrap().push(problem);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn carry_out_one(case: &Case, meshc: &Path, meshc_proxy: Option<&Path>) -> Result<(), String> {
    let Case { name, folder, envoy, targets } = case;
    let scenario = [std::slice::from_ref(name), targets].concat().join(" ");
    let options = RunOptions {
        scenario: scenario.clone(),
        input: Input::Tree { mesh: folder.join("mesh"), meshc: meshc.to_owned(), targets: targets.clone() },
        traffic: folder.join("traffic.yaml"),
        envoy: envoy.clone(),
        meshc_proxy: meshc_proxy.map(Path::to_owned),
        program: machine::program(),
        keep: None,
    };
    let report =
        run(&options, &mut |_| {}).map_err(|error| format!("{scenario}, {}: {error}", envoy.display()))?;
    if report.passed() {
        println!("{}", report.table());
        Ok(())
    } else {
        Err(report.table())
    }
}

#[test]
fn every_traffic_file_is_understood() {
    for (name, folder) in all() {
        let traffic = Traffic::read(&folder.join("traffic.yaml"));
        assert!(traffic.is_ok(), "{name}: {}", traffic.unwrap_err());
    }
}

/// All scenarios of the repository.
fn all() -> Vec<(String, PathBuf)> {
    let found = scenarios(&machine::root().join("testdata/scenarios"));
    assert!(!found.is_empty(), "there are no scenarios");
    found
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
