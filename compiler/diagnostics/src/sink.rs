//! Where passes put their findings.

use crate::{Diagnostic, Severity};

/// Collects the findings of a run.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    findings: Vec<Diagnostic>,
}

impl Diagnostics {
    /// An empty sink.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one finding.
    pub fn push(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// Adds the findings of a pass that ran on its own, for example on another thread.
    pub fn append(&mut self, other: Diagnostics) {
        self.findings.extend(other.findings);
    }

    /// Whether any finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Number of findings of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// All findings, sorted by file, place, code and text, each once.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.findings.sort_by(|a, b| Self::key(a).cmp(&Self::key(b)));
        self.findings.dedup();
        self.findings
    }

    /// Findings in the order in which the passes made them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.findings.iter()
    }

    fn key(finding: &Diagnostic) -> impl Ord + '_ {
        (finding.primary.as_ref().map(|label| label.span), finding.code.number, &finding.message)
    }
}
