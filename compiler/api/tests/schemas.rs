//! The schemas in `schemas/` are those of the types.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it misses by failing"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use meshc_api::published_schemas;

fn folder() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas")).to_owned()
}

/// Files below a folder by path, with forward slashes.
fn files(below: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            files(&path, &format!("{prefix}{name}/"), found);
        } else if name.ends_with(".json") {
            found.insert(format!("{prefix}{name}"), std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// `BLESS=1 cargo test -p meshc-api --test schemas` writes them.
#[test]
fn schemas_are_current() {
    let current: BTreeMap<String, String> = published_schemas()
        .into_iter()
        .map(|file| (file.path, serde_json::to_string_pretty(&file.schema).unwrap() + "\n"))
        .collect();
    let mut written = BTreeMap::new();
    files(&folder(), "", &mut written);
    // Those of meshc's own files are the contract's.
    written.retain(|path, _| !path.starts_with("meshc/"));
    if std::env::var_os("BLESS").is_some() {
        for path in written.keys().filter(|path| !current.contains_key(*path)) {
            std::fs::remove_file(folder().join(path)).unwrap();
        }
        for (path, text) in &current {
            std::fs::create_dir_all(folder().join(path).parent().unwrap()).unwrap();
            std::fs::write(folder().join(path), text).unwrap();
        }
        return;
    }
    let paths = current.keys().chain(written.keys());
    let differing: Vec<_> = paths.filter(|path| current.get(*path) != written.get(*path)).collect();
    assert_eq!(differing, Vec::<&String>::new(), "run `BLESS=1 cargo test -p meshc-api --test schemas`");
}

#[test]
fn every_schema_is_one_that_the_validator_accepts() {
    for file in published_schemas() {
        let built = jsonschema::draft202012::options().offline().build(&file.schema);
        assert!(built.is_ok(), "{}: {}", file.path, built.unwrap_err());
    }
}
