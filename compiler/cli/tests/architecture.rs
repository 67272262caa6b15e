//! ARCHITECTURE.md is held against the workspace, so that the page cannot drift.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

type Imports = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rows of the table below a heading, as the code spans of each cell.
fn table(page: &str, heading: &str) -> Vec<Vec<Vec<String>>> {
    let section = page.split(heading).nth(1).expect("the heading is on the page");
    section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|row| row.trim_matches('|').split('|').map(code_spans).collect())
        .collect()
}

fn code_spans(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn workspace() -> (Imports, BTreeMap<String, PathBuf>) {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |package: &serde_json::Value| package["name"].as_str().expect("name").to_owned();
    let members: BTreeSet<String> = packages.iter().map(name).collect();
    let imports = packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
            let normal = dependencies.filter(|dependency| dependency["kind"].is_null()).map(name);
            (name(package), normal.filter(|dependency| members.contains(dependency)).collect())
        })
        .collect();
    let folders = packages.iter().map(|package| {
        let manifest = PathBuf::from(package["manifest_path"].as_str().expect("manifest path"));
        (name(package), manifest.parent().expect("a manifest is in a folder").to_owned())
    });
    (imports, folders.collect())
}

#[test]
fn the_import_table_is_what_cargo_says() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let documented: Imports = table(&page, "## Who imports whom")
        .into_iter()
        .map(|row| (row[0][0].clone(), row[1].iter().cloned().collect()))
        .collect();
    assert_eq!(documented, workspace().0);
}

#[test]
fn the_crate_table_names_every_crate_and_its_folder() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let root = root().canonicalize().unwrap();
    let documented: BTreeMap<String, PathBuf> =
        table(&page, "## Crates").into_iter().map(|row| (row[0][0].clone(), root.join(&row[1][0]))).collect();
    assert_eq!(documented, workspace().1);
}

#[test]
fn every_crate_says_what_it_must_not_know() {
    for (name, folder) in workspace().1 {
        let entry =
            ["src/lib.rs", "src/main.rs"].iter().map(|file| folder.join(file)).find(|file| file.exists());
        let text = std::fs::read_to_string(entry.expect("a crate has an entry file")).unwrap();
        let comment: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(
            comment.contains("Enters") && comment.contains("Leaves"),
            "{name} opens without what enters and leaves"
        );
    }
}
