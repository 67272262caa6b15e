//! Which workloads or objects a policy is for.

use std::collections::BTreeMap;

use crate::admission::{At, Report};
use crate::istio::{PolicySelector, PolicyTargetReference, WorkloadSelector};

/// A selector of Sidecar, ServiceEntry or EnvoyFilter.
pub(super) fn workload(at: &At<'_>, selector: Option<&WorkloadSelector>, report: &mut Report) {
    if let Some(selector) = selector {
        labels(&at.field("workloadSelector"), "labels", &selector.labels, report);
    }
}

/// A selector of the other kinds.
pub(super) fn policy(at: &At<'_>, selector: Option<&PolicySelector>, report: &mut Report) {
    if let Some(selector) = selector {
        labels(at, "matchLabels", &selector.match_labels, report);
    }
}

fn labels(at: &At<'_>, field: &str, labels: &BTreeMap<String, String>, report: &mut Report) {
    let labels_at = at.field(field);
    for (key, value) in labels {
        let at = labels_at.field(key);
        if key.is_empty() {
            report.refuse(&labels_at, "the key of a label must not be empty");
        }
        if key.contains('*') || value.contains('*') {
            report.refuse(&at, format!("a selector has no wildcards, but `{key}: {value}` holds `*`"));
        }
    }
    if labels.is_empty() {
        report.warn(at, "the selector has no labels, so it selects every workload of the namespace");
    }
}

/// What a policy can be attached to, by group and kind.
const TARGETS: &[(&str, &str)] = &[
    ("", "Service"),
    ("core", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
];

/// Selector and targets of a policy: at most one of the three ways, each well formed.
pub(super) fn policy_or_targets(
    at: &At<'_>,
    selector: Option<&PolicySelector>,
    target_ref: Option<&PolicyTargetReference>,
    target_refs: &[PolicyTargetReference],
    report: &mut Report,
) {
    one_way(at, selector.is_some(), target_ref.is_some(), !target_refs.is_empty(), "selector", report);
    policy(&at.field("selector"), selector, report);
    if let Some(reference) = target_ref {
        target(&at.field("targetRef"), reference, report);
    }
    targets(at, target_refs, report);
}

/// Refuses more than one way to say what a policy is for.
pub(super) fn one_way(
    at: &At<'_>,
    selector: bool,
    target_ref: bool,
    target_refs: bool,
    selector_field: &str,
    report: &mut Report,
) {
    if u8::from(selector) + u8::from(target_ref) + u8::from(target_refs) > 1 {
        report.refuse(at, format!("only one of `{selector_field}`, `targetRef` and `targetRefs` can be set"));
    }
}

/// The items of `targetRefs`.
pub(super) fn targets(at: &At<'_>, references: &[PolicyTargetReference], report: &mut Report) {
    for (index, reference) in references.iter().enumerate() {
        target(&at.item("targetRefs", index), reference, report);
    }
}

fn target(at: &At<'_>, reference: &PolicyTargetReference, report: &mut Report) {
    let PolicyTargetReference { group, kind, name, namespace } = reference;
    if name.as_deref().unwrap_or_default().is_empty() {
        report.refuse(at, "a target needs a `name`");
    }
    if namespace.as_deref().is_some_and(|namespace| !namespace.is_empty()) {
        report.refuse(&at.field("namespace"), "a policy can only target objects of its own namespace");
    }
    let (group, kind) = (group.as_deref().unwrap_or_default(), kind.as_deref().unwrap_or_default());
    if !TARGETS.contains(&(group, kind)) {
        report.refuse(
            at,
            format!(
                "a policy cannot target `{group}/{kind}`, only Service, ServiceEntry of `networking.istio.io`, and \
                 Gateway and GatewayClass of `gateway.networking.k8s.io`"
            ),
        );
    }
}
