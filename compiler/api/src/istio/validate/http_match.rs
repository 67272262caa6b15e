//! Matches of an HTTP rule.

use std::collections::BTreeMap;

use super::{gateway_names, headers, labels, names, ports, string_match};
use crate::admission::{At, Report};
use crate::istio::{HttpMatchRequest, StringMatch};

/// Comparisons that can be made, of headers that can be named.
pub(super) fn check(at: &At<'_>, request: &HttpMatchRequest, report: &mut Report) {
    let comparisons = [
        ("uri", &request.uri),
        ("scheme", &request.scheme),
        ("method", &request.method),
        ("authority", &request.authority),
    ];
    for (field, comparison) in comparisons {
        string_match::optional(&at.field(field), comparison.as_ref(), report);
    }
    let named = [("headers", &request.headers), ("withoutHeaders", &request.without_headers)];
    for (field, matches) in named {
        let at = at.field(field);
        for name in matches.keys() {
            report.check(&at.field(name), headers::name_or_claim(name));
        }
        each(&at, matches, report);
    }
    each(&at.field("queryParams"), &request.query_params, report);
    ports::optional_number(&at.field("port"), request.port, report);
    labels::check(&at.field("sourceLabels"), &request.source_labels, report);
    gateway_names::check(at, &request.gateways, false, report);
    if let Some(namespace) = request.source_namespace.as_deref().filter(|name| !name.is_empty())
        && !names::is_label(namespace)
    {
        report.refuse(&at.field("sourceNamespace"), format!("`{namespace}` is not the name of a namespace"));
    }
}

fn each(at: &At<'_>, matches: &BTreeMap<String, StringMatch>, report: &mut Report) {
    for (name, comparison) in matches {
        string_match::check(&at.field(name), comparison, report);
    }
}
