//! Cross-origin rules of a route.

use super::{durations, headers, string_match};
use crate::admission::{At, Report};
use crate::istio::{CorsPolicy, StringMatch};

const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];

/// Origins that say something, methods and headers that exist, a maximum age in whole seconds.
pub(super) fn check(at: &At<'_>, policy: Option<&CorsPolicy>, report: &mut Report) {
    let Some(policy) = policy else { return };
    for (index, origin) in policy.allow_origins.iter().enumerate() {
        self::origin(&at.item("allowOrigins", index), origin, report);
    }
    for (index, method) in policy.allow_methods.iter().enumerate().filter(|(_, method)| *method != "*") {
        if !METHODS.contains(&method.as_str()) {
            report.refuse(&at.item("allowMethods", index), format!("`{method}` is not a method of HTTP"));
        }
    }
    for (field, names) in [("allowHeaders", &policy.allow_headers), ("exposeHeaders", &policy.expose_headers)]
    {
        for (index, name) in names.iter().enumerate().filter(|(_, name)| *name != "*") {
            report.check(&at.item(field, index), headers::name(name));
        }
    }
    let max_age = at.field("maxAge");
    durations::at_least_a_millisecond(&max_age, policy.max_age, report);
    if let Some(age) = policy.max_age.filter(|age| age.0.subsec_nanos() > 0) {
        report.refuse(&max_age, format!("`{age}` is not a whole number of seconds"));
    }
}

fn origin(at: &At<'_>, origin: &StringMatch, report: &mut Report) {
    let StringMatch { exact, prefix, regex } = origin;
    if [exact, prefix, regex].iter().all(|text| text.as_deref().unwrap_or_default().is_empty()) {
        report.refuse(at, "an origin must not be empty");
    } else {
        string_match::check(at, origin, report);
    }
}
