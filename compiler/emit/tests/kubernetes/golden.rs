//! Manifests of the scenarios, held against files that are reviewed. `BLESS=1` writes them.
//!
//! The configuration of Envoy has golden files of its own, so it and its digests are left out here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::compile::{compile, folder, repository};

/// Files of a folder by their paths in it.
fn read_all(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// A manifest without what the configuration of Envoy decides.
fn without_envoy(text: &str) -> String {
    let mut kept = String::new();
    let mut in_envoy = false;
    for line in text.lines() {
        in_envoy &= line.starts_with("    ");
        if in_envoy {
            continue;
        }
        in_envoy = ["  bootstrap.json: |", "  clusters.json: |", "  listeners.json: |"].contains(&line);
        let line =
            line.split_once("sha256:").map_or(line.to_owned(), |(start, _)| format!("{start}sha256:…"));
        kept.push_str(&line);
        kept.push_str(if in_envoy { "\n    …\n" } else { "\n" });
    }
    kept
}

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("mesh").is_dir() {
        found.push(folder.to_owned());
        return;
    }
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scenarios(&path, found);
        }
    }
}

#[test]
fn manifests_of_bookinfo_are_those_that_were_reviewed() {
    let compiled = compile(folder(&repository().join("testdata/scenarios/bookinfo/mesh")));
    let files: BTreeMap<String, String> =
        compiled.files.iter().map(|(path, text)| (path.clone(), without_envoy(text))).collect();
    let golden = repository().join("golden/kubernetes/bookinfo");
    if std::env::var_os("BLESS").is_some() {
        if golden.exists() {
            fs::remove_dir_all(&golden).unwrap();
        }
        for (path, text) in &files {
            let path = golden.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let mut reviewed = BTreeMap::new();
    read_all(&golden, &golden, &mut reviewed);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&files), names(&reviewed), "BLESS=1 rewrites the golden files");
    for (path, text) in &files {
        let differs = text.lines().zip(reviewed[path].lines()).position(|(new, old)| new != old);
        assert!(*text == reviewed[path], "{path} differs from line {differs:?}; BLESS=1 rewrites it");
    }
}

#[test]
fn every_scenario_compiles_to_the_same_manifests_whatever_the_order_of_its_files() {
    let mut found = Vec::new();
    scenarios(&repository().join("testdata/scenarios"), &mut found);
    assert!(!found.is_empty());
    for scenario in found {
        let mut inputs = folder(&scenario.join("mesh"));
        let first = compile(inputs.clone());
        inputs.reverse();
        assert_eq!(first.files, compile(inputs).files, "{}", scenario.display());
        let errors = first
            .findings
            .iter()
            .filter(|finding| finding.code.number >= 6000 || finding.code.number / 10 == 409);
        assert_eq!(
            errors.collect::<Vec<_>>(),
            Vec::<&meshc_diagnostics::Diagnostic>::new(),
            "{}",
            scenario.display()
        );
    }
}
