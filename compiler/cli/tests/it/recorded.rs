//! Meshes and samples of Istio, where they are at hand.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{finish, meshc};

/// The conformance data beside the repository. With `CI` set it must be there.
pub(crate) fn conformance() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    match path.canonicalize() {
        Ok(path) => Some(path),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{}: {error}", path.display());
            eprintln!("skipped: no conformance data at {}", path.display());
            None
        }
    }
}

/// Folders of the recorded meshes, sorted.
pub(crate) fn recordings(conformance: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(conformance.join("istiod")).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("input").is_dir());
    folders.sort();
    folders
}

/// What `meshc build` is given to compile a recorded mesh as istiod was.
pub(crate) fn settings(folder: &Path) -> Vec<String> {
    let files =
        [("--mesh-config", "mesh.yaml"), ("--mesh-networks", "networks.yaml"), ("--istiod-env", "env")];
    let stated = files.into_iter().filter(|(_, file)| folder.join(file).is_file());
    let mut flags: Vec<String> = stated.flat_map(|(flag, file)| [flag.to_owned(), file.to_owned()]).collect();
    flags.extend(["--inject".to_owned(), "all".to_owned()]);
    flags
}

/// Files of a folder with all below it that are manifests by name, sorted.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Builds a path and says what no tree may lead to.
fn fault(folder: &Path, path: &Path, flags: &[String]) -> Option<String> {
    let out = tempfile::tempdir().unwrap();
    let mut command = meshc(folder);
    command.arg("build").arg(path.strip_prefix(folder).unwrap()).arg("--out-dir").arg(out.path());
    let run = finish(command.args(["--emit", "k8s,bootstrap,xds", "-o", "concise"]).args(flags));
    let ours = ["error[invalid-envoy-resource]", "error[missing-route-table]"];
    let known_end = matches!(run.code, Some(0 | 1 | 3));
    let fine = known_end && !ours.iter().any(|code| run.stderr.contains(code));
    (!fine).then(|| format!("{}: exit {:?}\n{}", path.display(), run.code, run.stderr))
}

#[test]
fn every_sample_of_istio_compiles_or_is_told_why_not() {
    let Some(conformance) = conformance() else { return };
    let mut inputs = Vec::new();
    for set in ["istio-samples", "istio-tests"] {
        let root = conformance.join(set);
        let folders = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
        inputs.extend(folders.filter(|path| path.is_dir()));
        inputs.extend(manifests(&root));
        inputs.push(root);
    }
    assert!(inputs.len() > 100, "{} inputs", inputs.len());
    let flags = ["--inject".to_owned(), "all".to_owned()];
    let faults: Vec<String> = inputs.iter().filter_map(|input| fault(&conformance, input, &flags)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_recorded_mesh_compiles_or_is_told_why_not() {
    let Some(conformance) = conformance() else { return };
    let folders = recordings(&conformance);
    assert!(folders.len() > 100, "{} recordings", folders.len());
    let fault = |folder: &PathBuf| fault(folder, &folder.join("input"), &settings(folder));
    let faults: Vec<String> = folders.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
