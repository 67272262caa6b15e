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
const ROUTES: &str = "tproxy.routes";
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
        steps.push(Step {
            container: "istio-init-routes",
            file: ROUTES,
            content: routes(capture),
            command: vec!["ip", "-force", "-batch"],
            needs_iproute: true,
        });
    }
    steps
}

/// Packets that TPROXY has marked are delivered here, whatever address they have.
fn routes(capture: &TrafficCapture) -> String {
    let of_family = |family: &str, all: &str| {
        format!(
            "-{family} rule add fwmark {TPROXY_MARK} lookup {ROUTE_TABLE}\n\
             -{family} route replace local {all} dev lo table {ROUTE_TABLE}\n"
        )
    };
    let ipv6 = if capture.ipv6 { of_family("6", "::/0") } else { String::new() };
    of_family("4", "0.0.0.0/0") + &ipv6
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
