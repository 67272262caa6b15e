//! How pods come and go without a loss: others find them by DNS, which is late by several seconds (dataplane.md §1.5, §4.4).

use meshc_plan::{Injection, ProxyRole};
use serde_json::{Value, json};

use super::container::PROXY_CONTAINER;
use super::inject::Context;
use super::pods::{self, Fields};

/// Longest time for which others may still send to a pod that stops.
const FORGOTTEN_AFTER: u64 = 15;
/// Time to end after all pauses.
const END: u64 = 10;
/// Time to stop, where none is stated: the pauses, and what Kubernetes gives by default.
const GRACE_PERIOD: u64 = 45;
/// Seconds after which others have found a new pod.
const FOUND_AFTER: u64 = 10;
/// Kinds that wait for new pods before they stop old ones.
const ROLLED_OUT: [&str; 4] = ["DaemonSet", "Deployment", "Rollout", "StatefulSet"];

/// A hook that pauses before the signal to stop.
pub(super) fn pause(seconds: u64) -> Value {
    json!({"preStop": {"sleep": {"seconds": seconds}}})
}

/// Seconds for which the pods may stop.
fn grace_period(spec: &Fields) -> Option<u64> {
    spec.get("terminationGracePeriodSeconds").and_then(Value::as_u64)
}

/// Time to stop that is stated where nobody states one: enough for the pauses.
fn default_grace_period(context: &Context<'_>) -> u64 {
    GRACE_PERIOD.max(FORGOTTEN_AFTER + last_answers(context) + END)
}

/// The pause of something that others reach; at most half of the time to stop.
fn service_pause(spec: &Fields) -> u64 {
    FORGOTTEN_AFTER.min(grace_period(spec).unwrap_or(GRACE_PERIOD) / 2)
}

/// Time that the proxy stays beyond the application, to pass on its last answers: what Istio's agent waits before it stops Envoy.
fn last_answers(context: &Context<'_>) -> u64 {
    context.proxy.bootstrap.termination_drain.as_secs()
}

/// Seconds for which the proxy pauses. All pauses of a pod begin at once, and a sidecar is told to stop after its pause and
/// after the last container of the application.
pub(super) fn proxy_pause(context: &Context<'_>, spec: &Fields) -> Option<u64> {
    let Injection { serves, finishes, .. } = context.injection;
    let longest = grace_period(spec).unwrap_or_else(|| default_grace_period(context));
    let seconds = match context.proxy.role {
        ProxyRole::Gateway => service_pause(spec).max(last_answers(context).min(longest)),
        ProxyRole::Sidecar if *finishes => 0,
        ProxyRole::Sidecar if *serves => {
            let pause = service_pause(spec);
            (pause + last_answers(context)).min(longest)
        }
        ProxyRole::Sidecar => last_answers(context).min(longest / 2),
    };
    (seconds > 0).then_some(seconds)
}

/// Lets the application serve until others have forgotten it. A hook that is stated stays.
pub(super) fn application(context: &Context<'_>, spec: &mut Fields) {
    let Injection { serves, finishes, .. } = context.injection;
    let gateway = context.proxy.role == ProxyRole::Gateway;
    if *finishes || !(*serves || gateway) {
        return;
    }
    let seconds = service_pause(spec);
    if *serves && seconds > 0 {
        let containers = pods::list(spec, "containers").iter_mut();
        for container in containers.filter(|container| pods::name(container) != Some(PROXY_CONTAINER)) {
            let life_cycle = pods::child(pods::fields(container), "lifecycle");
            life_cycle.entry("preStop").or_insert_with(|| json!({"sleep": {"seconds": seconds}}));
        }
    }
    spec.entry("terminationGracePeriodSeconds").or_insert_with(|| default_grace_period(context).into());
}

/// Lets new pods count only when others have found them, so that no rollout is faster than DNS.
pub(super) fn rollout(context: &Context<'_>, object: &mut Value) {
    if context.injection.serves && ROLLED_OUT.contains(&context.manifest.object.kind.as_str()) {
        let spec = pods::child(pods::fields(object), "spec");
        spec.entry("minReadySeconds").or_insert_with(|| FOUND_AFTER.into());
    }
}
