//! A run that is killed leaves no process behind, and what it leaves on the disk is removed by the next one.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{handmade, machine};

/// How long the kernel may take to end what is left.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn a_killed_run_leaves_nothing_behind() {
    let Some(envoy) = machine::envoy(machine::ENVOYS[1]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let manifests = folder.path().join("manifests");
    handmade::write_manifests(&manifests);
    let traffic = folder.path().join("traffic.yaml");
    // A call that nobody answers, so that the run is under way when it is killed.
    let waiting = "applications: {shop.plain: {paths: {/: {delay: 600s}}}}\n\
        outside: {stranger: {}}\n\
        calls:\n- name: x\n  from: stranger\n  request: {url: 'http://plain.shop.svc.cluster.local/', timeout: 600s}\n  \
        expect: {status: 200}\n";
    fs::write(&traffic, waiting).unwrap();
    let mut program = Command::new(machine::program())
        .args(["run", "--manifests"])
        .arg(&manifests)
        .arg("--traffic")
        .arg(&traffic)
        .args(["--envoy-version", machine::ENVOYS[1]])
        .env("MESHC_ENVOY_DIR", envoy.ancestors().nth(3).unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let place = place(&mut program);
    await_condition("the pods run", || processes(&place).len() >= 4);
    program.kill().unwrap();
    assert_eq!(program.wait().unwrap().signal(), Some(9));
    await_condition("every process of the run has ended", || processes(&place).is_empty());
    assert!(fs::read_dir(&place).unwrap().next().is_none(), "the folder of the run is empty");
    // Any later run sweeps, even one that fails at once.
    let next = Command::new(machine::program())
        .args(["run", "--manifests", "/nonexistent", "--traffic", "/nonexistent"])
        .args(["--envoy-version", machine::ENVOYS[1]])
        .env("MESHC_ENVOY_DIR", envoy.ancestors().nth(3).unwrap())
        .output()
        .unwrap();
    assert_eq!(next.status.code(), Some(2));
    assert!(!place.exists(), "{} is left", place.display());
}

/// The folder of the run, which the program tells first.
fn place(program: &mut Child) -> PathBuf {
    let mut line = String::new();
    let mut errors = BufReader::new(program.stderr.take().unwrap());
    errors.read_line(&mut line).unwrap();
    std::thread::spawn(move || errors.read_to_end(&mut Vec::new()));
    PathBuf::from(line.trim_end().rsplit(' ').next().unwrap())
}

/// Processes that name the folder on their command line, as every pod does.
fn processes(place: &Path) -> Vec<PathBuf> {
    let place = place.to_string_lossy().into_owned();
    let names_it = |process: &PathBuf| {
        let line = fs::read(process.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&place)
    };
    fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).filter(names_it).collect()
}

fn await_condition(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
