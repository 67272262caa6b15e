//! Redirects of a route.

use super::{ports, string_match};
use crate::admission::{At, Report};
use crate::istio::{HttpMatchRequest, HttpRedirect};

/// Something to redirect to, a code of the class 3xx, a scheme of the web.
pub(super) fn check(
    at: &At<'_>,
    redirect: Option<&HttpRedirect>,
    matches: &[HttpMatchRequest],
    report: &mut Report,
) {
    let Some(redirect) = redirect else { return };
    let HttpRedirect { uri, prefix_rewrite, authority, port, derive_port, scheme, redirect_code } = redirect;
    let has = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let somewhere = has(uri) || has(prefix_rewrite) || has(authority) || has(scheme);
    if !somewhere && port.is_none() && derive_port.is_none() {
        report.refuse(at, "a redirect needs `uri`, `prefixRewrite`, `authority`, `scheme` or a port");
    }
    string_match::at_most_one(at, [("port", port.is_some()), ("derivePort", derive_port.is_some())], report);
    string_match::at_most_one(at, [("uri", has(uri)), ("prefixRewrite", has(prefix_rewrite))], report);
    if has(prefix_rewrite) && matches.iter().any(matches_by_other_than_prefix) {
        report.refuse(
            &at.field("prefixRewrite"),
            "a prefix can only be replaced where every match of the path is a `prefix`",
        );
    }
    if let Some(code) = redirect_code.filter(|code| *code != 0 && !(300..=399).contains(code)) {
        report.refuse(&at.field("redirectCode"), format!("{code} is not a status of the class 3xx"));
    }
    if let Some(scheme) = scheme.as_deref().filter(|scheme| !matches!(*scheme, "" | "http" | "https")) {
        report.refuse(&at.field("scheme"), format!("`{scheme}` is neither `http` nor `https`"));
    }
    ports::optional_number(&at.field("port"), *port, report);
}

fn matches_by_other_than_prefix(request: &HttpMatchRequest) -> bool {
    request.uri.as_ref().is_some_and(|uri| uri.exact.is_some() || uri.regex.is_some())
}
