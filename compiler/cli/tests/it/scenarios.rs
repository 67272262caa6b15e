//! Scenarios against their golden files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

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
    /// Resources that are golden, by proxy.
    #[serde(default)]
    focus: BTreeMap<String, Focus>,
    /// Files of the output that are golden too.
    #[serde(default)]
    files: Vec<PathBuf>,
}

/// Names of the resources of a proxy that are golden.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Focus {
    #[serde(default)]
    listeners: Vec<String>,
    #[serde(default)]
    routes: Vec<String>,
    #[serde(default)]
    clusters: Vec<String>,
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
    command.args(["build", "mesh", "-q", "--emit", "k8s,bootstrap,xds", "--out-dir"]).arg(&out_dir);
    let run = finish(command.args(&scenario.options.flags));
    assert!(matches!(run.code, Some(0 | 1)), "{}: {}", scenario.name, run.stderr);
    let output = files(&out_dir);
    let mut texts = BTreeMap::new();
    if !run.stderr.is_empty() {
        texts.insert(PathBuf::from("diagnostics.txt"), run.stderr);
    }
    let identities = output.get(Path::new("identities.yaml")).cloned();
    texts.extend(identities.map(|bytes| (PathBuf::from("identities.yaml"), text(bytes))));
    for path in &scenario.options.files {
        let bytes = output.get(path);
        let bytes = bytes.unwrap_or_else(|| panic!("{}: no {}", scenario.name, path.display()));
        texts.insert(path.clone(), text(bytes.clone()));
    }
    for (proxy, Focus { listeners, routes, clusters }) in &scenario.options.focus {
        for (kind, names) in [("listeners", listeners), ("routes", routes), ("clusters", clusters)] {
            if names.is_empty() {
                continue;
            }
            let path = Path::new("xds").join(proxy).join(kind);
            let json = output.get(&path.with_extension("json"));
            let json = json.unwrap_or_else(|| panic!("{}: no proxy {proxy}", scenario.name));
            let resources: Vec<Value> = serde_json::from_slice(json).unwrap();
            let focused: Vec<Value> = names.iter().map(|name| named(&resources, name, scenario)).collect();
            texts.insert(path.with_extension("yaml"), meshc_emit::yaml::to_string(&focused.into()));
        }
    }
    texts
}

fn named(resources: &[Value], name: &str, scenario: &Scenario) -> Value {
    let found = resources.iter().find(|resource| resource["name"] == name);
    found.unwrap_or_else(|| panic!("{}: no resource {name}", scenario.name)).clone()
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
