//! What the webhook refuses of a DestinationRule.

use super::export_to::Rules;
use super::{export_to, metadata, names, selectors, subset, traffic_policy};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::DestinationRule;

/// All rules about a DestinationRule.
pub(in crate::istio) fn admit(object: &Resource<DestinationRule>, report: &mut Report) {
    let at = At::SPEC;
    let DestinationRule { host, traffic_policy, subsets, export_to, workload_selector } = &object.spec;
    metadata::check(object, report);
    report.check(&at.field("host"), names::wildcard_host_name(host.as_deref().unwrap_or_default()));
    traffic_policy::check(&at.field("trafficPolicy"), traffic_policy.as_ref(), report);
    subset::check(&at, subsets, report);
    let rules = if workload_selector.is_some() { Rules::OwnNamespaceOnly } else { Rules::Plain };
    export_to::check(&at, object.namespace(), export_to, rules, report);
    selectors::policy(&at.field("workloadSelector"), workload_selector.as_ref(), report);
}
