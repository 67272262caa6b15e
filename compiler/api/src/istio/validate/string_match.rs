//! Comparisons of strings in matches.

use super::regex;
use crate::admission::{At, Report};
use crate::istio::StringMatch;

/// A prefix must not be empty; a regular expression must not be empty and must be RE2.
pub(super) fn check(at: &At<'_>, comparison: &StringMatch, report: &mut Report) {
    let StringMatch { exact, prefix, regex } = comparison;
    at_most_one(
        at,
        [("exact", exact.is_some()), ("prefix", prefix.is_some()), ("regex", regex.is_some())],
        report,
    );
    if prefix.as_deref() == Some("") {
        report.refuse(&at.field("prefix"), "a prefix must not be empty");
    }
    expression(&at.field("regex"), regex.as_deref(), report);
}

/// As [`check`] for an optional comparison.
pub(super) fn optional(at: &At<'_>, comparison: Option<&StringMatch>, report: &mut Report) {
    if let Some(comparison) = comparison {
        check(at, comparison, report);
    }
}

/// A regular expression where one is stated.
pub(super) fn expression(at: &At<'_>, expression: Option<&str>, report: &mut Report) {
    match expression {
        None => {}
        Some("") => report.refuse(at, "a regular expression must not be empty"),
        Some(expression) => report.check(at, regex::check(expression)),
    }
}

/// Alternatives of which at most one can be set.
pub(super) fn at_most_one<const N: usize>(at: &At<'_>, fields: [(&str, bool); N], report: &mut Report) {
    if fields.iter().filter(|(_, set)| *set).count() > 1 {
        let names: Vec<_> = fields.iter().map(|(name, _)| format!("`{name}`")).collect();
        report.refuse(at, format!("only one of {} can be set", names.join(", ")));
    }
}
