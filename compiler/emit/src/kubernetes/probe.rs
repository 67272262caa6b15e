//! Probes and hooks that the proxy forwards: the kubelet asks the bridge instead of the application.

use meshc_plan::{ProbeBridge, ProbeKind, ProbeRoute};
use serde_json::{Value, json};

use super::pods::{self, Fields};
use crate::envoy::probe_path;

/// What a probe asks with; a bridge is asked over HTTP whatever it asks itself.
const ACTIONS: [&str; 3] = ["httpGet", "tcpSocket", "grpc"];

/// Points the probes of all containers to the bridge. Headers stay, so that the application sees those it expects.
pub(super) fn rewrite(spec: &mut Fields, bridge: &ProbeBridge) {
    let ProbeBridge { port, probes } = bridge;
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let own = probes.iter().filter(|route| pods::name(container) == Some(&route.container));
            for route in own.collect::<Vec<&ProbeRoute>>() {
                if let Some(probe) = container.pointer_mut(place(route.kind)).and_then(Value::as_object_mut) {
                    ask_bridge(probe, route, *port);
                }
            }
        }
    }
}

fn ask_bridge(probe: &mut Fields, route: &ProbeRoute, port: u16) {
    let mut actions =
        ACTIONS.into_iter().filter_map(|action| probe.remove(action)).collect::<Vec<_>>().into_iter();
    let headers = actions.find_map(|action| action.get("httpHeaders").cloned());
    let mut action = json!({"path": probe_path(route), "port": port});
    if let Some(headers) = headers {
        action["httpHeaders"] = headers;
    }
    probe.insert("httpGet".to_owned(), action);
}

fn place(kind: ProbeKind) -> &'static str {
    match kind {
        ProbeKind::Startup => "/startupProbe",
        ProbeKind::Readiness => "/readinessProbe",
        ProbeKind::Liveness => "/livenessProbe",
        ProbeKind::PostStart => "/lifecycle/postStart",
        ProbeKind::PreStop => "/lifecycle/preStop",
    }
}
