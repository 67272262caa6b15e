//! Subsets of a DestinationRule.

use std::collections::BTreeSet;

use super::{labels, traffic_policy};
use crate::admission::{At, Report};
use crate::istio::Subset;

/// The subsets of a rule, each with a name of its own.
pub(super) fn check(at: &At<'_>, subsets: &[Subset], report: &mut Report) {
    let mut seen = BTreeSet::new();
    for (index, Subset { name: subset, labels, traffic_policy }) in subsets.iter().enumerate() {
        let at = at.item("subsets", index);
        let subset = subset.as_deref().unwrap_or_default();
        if !seen.insert(subset) {
            report.refuse(&at.field("name"), format!("two subsets are called `{subset}`"));
        }
        report.check(&at.field("name"), name(subset));
        labels::check(&at.field("labels"), labels, report);
        traffic_policy::check(&at.field("trafficPolicy"), traffic_policy.as_ref(), report);
    }
}

/// The name of a subset.
pub(super) fn name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the name of a subset must not be empty".to_owned());
    }
    if super::names::is_label(name) {
        return Ok(());
    }
    Err(format!("`{name}` is not the name of a subset: use letters, digits and `-`, at most 63"))
}
