//! Files and containers that set capture up before anything else runs in a pod.

use meshc_plan::{CaptureMode, TrafficCapture};
use serde_json::{Value, json};

use super::KubernetesOptions;
use super::config_map::CONFIG_VOLUME;
use super::iptables::{IpFamily, TPROXY_MARK, iptables_rules};
use crate::envoy::CONFIG_DIRECTORY;

/// The container that applies the IPv4 rules, by Istio's name for it.
pub(super) const INIT_CONTAINER: &str = "istio-init";

/// Rules of IPv4, for `iptables-restore`.
const IPV4_RULES: &str = "iptables.rules";
/// Rules of IPv6, for `ip6tables-restore`.
const IPV6_RULES: &str = "ip6tables.rules";
/// Routing of TPROXY, for `ip -batch`.
const IPV4_ROUTES: &str = "tproxy.routes";
/// The same for `ip -6 -batch`.
const IPV6_ROUTES: &str = "tproxy6.routes";
/// Routing table of TPROXY.
const ROUTE_TABLE: u32 = 133;

/// One step of setting capture up.
struct Step {
    container: &'static str,
    file: &'static str,
    content: String,
    command: Vec<&'static str>,
    needs_iproute: bool,
}

/// The steps in their order. Each is a container of its own, so that no image needs a shell.
fn steps(capture: &TrafficCapture) -> Vec<Step> {
    let rules = |container, file, command, family| Step {
        container,
        file,
        content: iptables_rules(capture, family),
        command: vec![command, "--noflush"],
        needs_iproute: false,
    };
    let mut steps = vec![rules(INIT_CONTAINER, IPV4_RULES, "iptables-restore", IpFamily::V4)];
    if capture.ipv6 {
        steps.push(rules("istio-init-ipv6", IPV6_RULES, "ip6tables-restore", IpFamily::V6));
    }
    if capture.mode == CaptureMode::Tproxy {
        let routes = |container, file, command, all| Step {
            container,
            file,
            content: routes(all),
            command,
            needs_iproute: true,
        };
        steps.push(routes("istio-init-routes", IPV4_ROUTES, vec!["ip", "-batch"], "0.0.0.0/0"));
        if capture.ipv6 {
            let command = vec!["ip", "-6", "-batch"];
            steps.push(routes("istio-init-routes-ipv6", IPV6_ROUTES, command, "::/0"));
        }
    }
    steps
}

/// Packets that TPROXY has marked are delivered here, whatever address they have. It may be applied again.
fn routes(all: &str) -> String {
    format!(
        "rule flush table {ROUTE_TABLE}\n\
         rule add fwmark {TPROXY_MARK} lookup {ROUTE_TABLE}\n\
         route replace local {all} dev lo table {ROUTE_TABLE}\n"
    )
}

/// Files that the containers read, by name.
pub(super) fn files(capture: &TrafficCapture) -> impl Iterator<Item = (&'static str, String)> {
    steps(capture).into_iter().map(|step| (step.file, step.content))
}

/// Names of all containers that set capture up.
pub(super) fn container_names(capture: &TrafficCapture) -> Vec<&'static str> {
    steps(capture).into_iter().map(|step| step.container).collect()
}

/// The containers, which run one after the other before all others of the pod.
pub(super) fn containers(
    capture: &TrafficCapture,
    options: &KubernetesOptions,
    resources: &Value,
) -> Vec<Value> {
    let container = |step: Step| {
        let Step { container, file, content: _, mut command, needs_iproute } = step;
        let path = format!("{CONFIG_DIRECTORY}/{file}");
        command.push(&path);
        json!({
            "name": container,
            "image": if needs_iproute { &options.iproute_image } else { &options.iptables_image },
            "command": command,
            "resources": resources,
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
                "privileged": false,
                // The lock of iptables is a file.
                "readOnlyRootFilesystem": false,
                "runAsGroup": 0,
                "runAsNonRoot": false,
                "runAsUser": 0,
            },
            "volumeMounts": [{"name": CONFIG_VOLUME, "mountPath": CONFIG_DIRECTORY, "readOnly": true}],
        })
    };
    steps(capture).into_iter().map(container).collect()
}
