//! What identifies a kind of finding.

use crate::Severity;

/// A permanent identity of a kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Printed as `MCnnnn`.
    pub number: u16,
    /// Kebab-case name of the fault, which people type to select or ignore it.
    pub name: &'static str,
    /// The analyzer message of Istio that means the same (`IST0101`), if there is one.
    pub istio: Option<&'static str>,
    /// Severity unless the finding states another.
    pub severity: Severity,
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MC{:04}", self.number)
    }
}
