//! Changes of the address of a request.

use super::{headers, regex};
use crate::admission::{At, Report};
use crate::istio::{Headers, HttpRewrite, RegexRewrite};

/// Something to change, and only one way to change the path.
pub(super) fn check(at: &At<'_>, rewrite: Option<&HttpRewrite>, report: &mut Report) {
    let Some(HttpRewrite { uri, authority, uri_regex_rewrite }) = rewrite else { return };
    let has = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    if has(uri) && uri_regex_rewrite.is_some() {
        report.refuse(at, "only one of `uri` and `uriRegexRewrite` can be set");
    } else if !has(uri) && !has(authority) && uri_regex_rewrite.is_none() {
        report.refuse(at, "a rewrite needs `uri`, `uriRegexRewrite` or `authority`");
    }
    let Some(RegexRewrite { r#match, rewrite }) = uri_regex_rewrite else { return };
    let at = at.field("uriRegexRewrite");
    if !has(r#match) || !has(rewrite) {
        report.refuse(&at, "a rewrite by regular expression needs `match` and `rewrite`");
    } else if let Some(expression) = r#match {
        report.check(&at.field("match"), regex::check(expression));
    }
}

/// The host of a request can be changed in one place only.
pub(super) fn one_authority(
    at: &At<'_>,
    rewrite: Option<&HttpRewrite>,
    changes: Option<&Headers>,
    report: &mut Report,
) {
    let rewritten =
        rewrite.and_then(|rewrite| rewrite.authority.as_deref()).is_some_and(|host| !host.is_empty());
    let request = changes.and_then(|changes| changes.request.as_ref());
    let headers = request.into_iter().flat_map(|request| request.set.keys().chain(request.add.keys()));
    let written = headers.filter(|name| headers::is_authority(name)).count();
    if usize::from(rewritten) + written > 1 {
        report.refuse(&at.field("headers"), "the host of the request is changed in more than one place");
    }
}
