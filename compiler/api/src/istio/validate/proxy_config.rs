//! What the webhook refuses of a ProxyConfig.

use super::{metadata, selectors};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::ProxyConfig;

/// All rules about a ProxyConfig.
pub(in crate::istio) fn admit(object: &Resource<ProxyConfig>, report: &mut Report) {
    let at = At::SPEC;
    let ProxyConfig { selector, concurrency, environment_variables: _, image: _ } = &object.spec;
    metadata::check(object, report);
    selectors::policy(&at.field("selector"), selector.as_ref(), report);
    if concurrency.is_some_and(|threads| threads < 0) {
        report.refuse(&at.field("concurrency"), "the number of threads must not be negative");
    }
}
