//! The last line of a report.

use crate::{Diagnostic, Severity};

/// How much was found in how much, as `Found 1 error, 2 warnings in 214 files, 1312 resources` and a line break.
#[must_use]
pub fn summary(findings: &[Diagnostic], files: usize, resources: usize) -> String {
    let place = format!("{}, {}", counted(files, "file"), counted(resources, "resource"));
    if findings.is_empty() {
        return format!("No findings in {place}\n");
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let mut found =
        vec![counted(count(Severity::Error), "error"), counted(count(Severity::Warning), "warning")];
    let notes = count(Severity::Info);
    if notes > 0 {
        found.push(counted(notes, "note"));
    }
    format!("Found {} in {place}\n", found.join(", "))
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
