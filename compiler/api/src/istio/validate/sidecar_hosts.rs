//! Hosts that a Sidecar's egress listener imports.

use std::collections::{BTreeMap, BTreeSet};

use super::namespace_host;
use crate::admission::{At, Report};

/// At least one host, each well formed; hosts that others hold already are worth a warning.
pub(super) fn check(at: &At<'_>, hosts: &[String], namespace: &str, report: &mut Report) {
    if hosts.is_empty() {
        return report.refuse(at, "an outbound listener needs a host");
    }
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (index, text) in hosts.iter().enumerate() {
        let at = at.item("hosts", index);
        if let Some((from, host)) = text.split_once('/').filter(|(from, _)| !from.starts_with('~')) {
            let from = if from == "." { namespace } else { from };
            let known = seen.entry(from).or_default();
            let repeated =
                if host == "*" { !known.is_empty() } else { known.contains(host) || known.contains("*") };
            if repeated {
                report.warn(&at, format!("other hosts of the list hold `{text}` already, or it holds them"));
            }
            known.insert(host);
        }
        namespace_host::of_sidecar(&at, text, report);
    }
    if seen.len() > 1 && seen.get("*").is_some_and(|hosts| hosts.contains("*")) {
        report.warn(&at.field("hosts"), "`*/*` holds every host, so the others have no effect");
    }
}
