//! Golden files: plain text below `golden/`, compared, and rewritten when `BLESS` is set.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::files;

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Holds a folder below `golden/` against what it must hold: a file more or less is a difference too.
pub(crate) fn assert(folder: &str, expected: &BTreeMap<PathBuf, String>) {
    let folder = root().join("golden").join(folder);
    let found = files(&folder);
    if std::env::var_os("BLESS").is_some() {
        return bless(&folder, found.keys(), expected);
    }
    let mut differences = Vec::new();
    for path in found.keys().filter(|path| !expected.contains_key(*path)) {
        differences.push(format!("{}: no test makes this file", path.display()));
    }
    for (path, text) in expected {
        let path_text = path.display();
        match found.get(path) {
            None => differences.push(format!("{path_text}: missing")),
            Some(golden) if golden != text.as_bytes() => {
                differences.push(format!("{path_text}: {}", first_difference(golden, text)));
            }
            Some(_) => {}
        }
    }
    assert!(
        differences.is_empty(),
        "{} is not what the compiler makes; look, then bless with BLESS=1\n{}",
        folder.display(),
        differences.join("\n")
    );
}

fn bless<'p>(folder: &Path, found: impl Iterator<Item = &'p PathBuf>, expected: &BTreeMap<PathBuf, String>) {
    for orphan in found.filter(|path| !expected.contains_key(*path)) {
        fs::remove_file(folder.join(orphan)).unwrap();
    }
    for (path, text) in expected {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The first line in which two texts differ.
fn first_difference(golden: &[u8], text: &str) -> String {
    let golden = String::from_utf8_lossy(golden);
    let (mut old, mut new) = (golden.lines(), text.lines());
    for number in 1.. {
        let (was, is) = (old.next(), new.next());
        if was != is {
            let shown = |line: Option<&str>| line.unwrap_or("<end of file>").to_owned();
            return format!("line {number}\n  golden:   {}\n  compiled: {}", shown(was), shown(is));
        }
        if was.is_none() {
            break;
        }
    }
    "line endings".to_owned()
}
