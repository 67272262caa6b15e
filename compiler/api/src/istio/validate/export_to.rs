//! Which namespaces see an object.

use std::collections::BTreeSet;

use super::names::is_label;
use crate::admission::{At, Report};

/// What the kind of the object has to say about its visibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// Nothing more.
    Plain,
    /// It may be seen by nobody (`~`).
    ServiceEntry,
    /// A DestinationRule for some clients, which must be in its own namespace.
    OwnNamespaceOnly,
}

/// `exportTo`: names of namespaces, `.` or `*`, each once.
pub(super) fn check(at: &At<'_>, namespace: &str, export_to: &[String], rules: Rules, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for (index, entry) in export_to.iter().enumerate() {
        let at = at.item("exportTo", index);
        let name = if entry == "." { namespace } else { entry };
        let known = matches!(name, "*") || is_label(name) || rules == Rules::ServiceEntry && name == "~";
        if seen.contains(name) {
            report.refuse(&at, format!("`{entry}` names a namespace that is already in the list"));
        } else if known {
            seen.insert(name);
        } else {
            report.refuse(&at, format!("`{entry}` is neither `.` nor `*` nor the name of a namespace"));
        }
    }
    let at = at.field("exportTo");
    if rules == Rules::OwnNamespaceOnly && !seen.is_empty() && (seen.len() > 1 || !seen.contains(namespace)) {
        report.refuse(
            &at,
            "a DestinationRule with `workloadSelector` can only be exported to its own namespace",
        );
    }
    for (everyone, words) in [("*", "every namespace (`*`)"), ("~", "no namespace (`~`)")] {
        if seen.contains(everyone) && export_to.len() > 1 {
            report.refuse(&at, format!("the list cannot hold both {words} and others"));
        }
    }
}
