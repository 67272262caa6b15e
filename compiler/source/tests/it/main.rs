//! Tests of the public face of `meshc-source`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

mod broken;
mod budget;
mod decoding;
mod disk;
mod kubectl;
mod laws;
mod lists;
mod places;

use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Diagnostics};
use meshc_source::{Document, InputFile, SourceSet, load};

/// Loads one file.
fn load_text(text: &str) -> (SourceSet, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let set = load(vec![InputFile::new("a.yaml", text)], &mut diagnostics);
    (set, diagnostics.into_sorted())
}

/// The only document of a text that has no finding.
fn document(text: &str) -> Arc<Document> {
    let (set, findings) = load_text(text);
    assert_eq!(findings, [], "{text}");
    assert_eq!(set.documents.len(), 1, "{text}");
    Arc::clone(&set.documents[0])
}

/// Names of the codes of findings.
fn codes(findings: &[Diagnostic]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.name).collect()
}
