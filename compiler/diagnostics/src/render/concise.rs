//! One line per finding.

use std::fmt::Write as _;

use super::{level, printable};
use crate::{Diagnostic, Sources};

/// One line per finding, as `mesh/reviews.yaml:14:15: error[unknown-host] no Service or ServiceEntry provides …`.
///
/// A finding without a place begins with its object, one without either with `meshc`.
#[must_use]
pub fn concise(findings: &[Diagnostic], sources: &dyn Sources) -> String {
    let mut out = String::new();
    for finding in findings {
        let place = match (&finding.primary, &finding.object) {
            (Some(label), _) => {
                let position = sources.position(label.span.file, label.span.start);
                format!("{}:{}:{}", sources.path(label.span.file), position.line, position.column)
            }
            (None, Some(object)) => object.to_string(),
            (None, None) => "meshc".to_owned(),
        };
        let (level, name) = (level(finding.severity), finding.code.name);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}: {level}[{name}] {}", printable(&place), printable(&finding.message));
    }
    out
}
