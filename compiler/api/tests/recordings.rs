//! What admission refused of the recorded meshes, we refuse, and nothing else of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it misses by failing"
)]

mod conformance;

use std::collections::BTreeSet;
use std::path::Path;

use meshc_api::decode;
use meshc_diagnostics::{Diagnostics, Severity, codes};
use meshc_source::{InputFile, SourceSet, load};

use conformance::recordings;

fn input(folder: &Path, diagnostics: &mut Diagnostics) -> SourceSet {
    let files = std::fs::read_dir(folder.join("input")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        InputFile::new(name, std::fs::read(&path).unwrap())
    });
    load(files.collect(), diagnostics)
}

/// Objects that admission refused, as `Kind namespace/name`, by who refused them.
fn refused(folder: &Path, by: &str) -> BTreeSet<String> {
    let recorded: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("rejected.json")).unwrap()).unwrap();
    let rejected = recorded["rejected"].as_array().unwrap().iter().filter(|entry| entry["by"] == by);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    rejected
        .map(|entry| {
            format!("{} {}/{}", text(&entry["kind"]), text(&entry["namespace"]), text(&entry["name"]))
        })
        .collect()
}

#[test]
fn what_admission_refused_is_refused_and_nothing_else() {
    let mut wrong = Vec::new();
    for folder in recordings() {
        let mut diagnostics = Diagnostics::new();
        let set = input(&folder, &mut diagnostics);
        let resources = decode(&set.documents, &mut diagnostics);
        let mut missed: BTreeSet<String> =
            ["crd-schema", "webhook"].iter().flat_map(|by| refused(&folder, by)).collect();
        let recorded = missed.clone();
        for finding in diagnostics.into_sorted() {
            let about = finding.object.as_ref().map(ToString::to_string).unwrap_or_default();
            if finding.severity == Severity::Error {
                if !recorded.contains(&about) {
                    let place = finding.path.unwrap_or_default();
                    wrong.push(format!("{}: {about}: {place}: {}", folder.display(), finding.message));
                }
                missed.remove(&about);
            }
        }
        wrong.extend(missed.iter().map(|about| format!("{}: {about} is not refused", folder.display())));
        assert!(!resources.services.is_empty(), "{}", folder.display());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_recorded_object_has_a_field_that_we_do_not_know() {
    for folder in recordings() {
        let mut diagnostics = Diagnostics::new();
        let set = input(&folder, &mut diagnostics);
        let _ = decode(&set.documents, &mut diagnostics);
        let unknown = diagnostics.iter().filter(|finding| finding.code == &codes::UNKNOWN_FIELD);
        let unknown: Vec<_> = unknown.map(|finding| (&finding.object, &finding.path)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", folder.display());
    }
}
