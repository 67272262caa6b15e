//! Scenarios against their golden files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::golden;
use crate::run::{finish, meshc};
use crate::sandbox::files;

/// A folder below `testdata/scenarios`.
pub(crate) struct Scenario {
    /// Its path there.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) options: Options,
}

/// `scenario.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// Flags of the build.
    #[serde(default)]
    pub(crate) flags: Vec<String>,
    /// Proxies whose configuration is golden.
    #[serde(default)]
    focus: Vec<String>,
    /// Files of the output that are golden too.
    #[serde(default)]
    files: Vec<PathBuf>,
}

/// Every scenario, by name.
pub(crate) fn all() -> Vec<Scenario> {
    let root = golden::root().join("testdata/scenarios");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        if folder.join("mesh").is_dir() {
            let name = folder.strip_prefix(&root).unwrap().display().to_string();
            let text = fs::read_to_string(folder.join("scenario.yaml"));
            let text = text.unwrap_or_else(|error| panic!("{name} has no scenario.yaml: {error}"));
            let options = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            found.push(Scenario { name, folder, options });
            continue;
        }
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        folders.extend(entries.filter(|path| path.is_dir()));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Compiles a scenario into the files that are golden.
fn compile(scenario: &Scenario) -> BTreeMap<PathBuf, String> {
    let out = tempfile::tempdir().unwrap();
    let out_dir = out.path().join("out");
    let mut command = meshc(&scenario.folder);
    command.args(["build", "mesh", "--emit", "k8s,bootstrap,xds", "--out-dir"]).arg(&out_dir);
    let run = finish(command.args(&scenario.options.flags));
    let said = run.stderr.replace(&out_dir.display().to_string(), "OUT");
    assert!(matches!(run.code, Some(0 | 1)), "{}: {said}", scenario.name);
    let output = files(&out_dir);
    let mut texts = BTreeMap::from([(PathBuf::from("diagnostics.txt"), said)]);
    let identities = output.get(Path::new("identities.yaml")).cloned();
    texts.extend(identities.map(|bytes| (PathBuf::from("identities.yaml"), text(bytes))));
    for path in &scenario.options.files {
        let bytes = output.get(path);
        let bytes = bytes.unwrap_or_else(|| panic!("{}: no {}", scenario.name, path.display()));
        texts.insert(path.clone(), text(bytes.clone()));
    }
    for proxy in &scenario.options.focus {
        for resources in ["listeners", "routes", "clusters"] {
            let path = Path::new("xds").join(proxy).join(resources);
            let json = output.get(&path.with_extension("json"));
            let json = json.unwrap_or_else(|| panic!("{}: no proxy {proxy}", scenario.name));
            let value = serde_json::from_slice(json).unwrap();
            texts.insert(path.with_extension("yaml"), meshc_emit::yaml::to_string(&value));
        }
    }
    texts
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_scenario_compiles_to_its_golden_files() {
    let mut texts = BTreeMap::new();
    for scenario in all() {
        let prefix = Path::new(&scenario.name);
        texts.extend(compile(&scenario).into_iter().map(|(path, text)| (prefix.join(path), text)));
    }
    golden::assert("scenarios", &texts);
}

#[test]
fn every_scenario_says_what_it_shows() {
    for scenario in all() {
        let page = fs::read_to_string(scenario.folder.join("README.md"));
        let page = page.unwrap_or_else(|error| panic!("{}: README.md: {error}", scenario.name));
        assert!(page.lines().filter(|line| !line.is_empty()).count() > 1, "{}", scenario.name);
    }
}
