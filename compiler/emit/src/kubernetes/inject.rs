//! Puts the proxy into the pods of an object (dataplane.md §4.2, §4.3).

use std::collections::BTreeSet;

use meshc_diagnostics::Diagnostics;
use meshc_plan::{Injection, Manifest, Manifests, ProxyPlan, ProxyRole};
use serde_json::{Value, json};

use super::config_map::ConfigMap;
use super::container::{self, PROXY_CONTAINER};
use super::credentials::{self, Mounted};
use super::pods::{self, Fields};
use super::{KubernetesOptions, annotate, capture, host_aliases, life_cycle, log_folder, overlay, probe};
use crate::Emitted;

/// Everything about one injected object.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) manifests: &'a Manifests,
    pub(super) options: &'a KubernetesOptions,
    pub(super) manifest: &'a Manifest,
    pub(super) injection: &'a Injection,
    pub(super) proxy: &'a ProxyPlan,
    pub(super) emitted: &'a Emitted,
    pub(super) config: &'a ConfigMap,
}

/// The object with the proxy in its pods.
pub(super) fn inject(context: &Context<'_>, diagnostics: &mut Diagnostics) -> Value {
    let mut object = context.manifest.value.clone();
    let mut mounted = credentials::mounted(context, diagnostics);
    log_folder::mount(context, &mut mounted, diagnostics);
    container::report_log_levels(context, diagnostics);
    annotate::object(context, &mut object);
    life_cycle::rollout(context, &mut object);
    let pods = pods::pods(&mut object, context.injection.place);
    annotate::pods(context, pods);
    let spec = pods::child(pods, "spec");
    if let Some(bridge) = &context.proxy.bootstrap.probes {
        probe::rewrite(spec, bridge);
    }
    containers(context, spec, &mounted);
    life_cycle::application(context, spec);
    volumes(context, spec, mounted);
    host_aliases::state(context.injection, spec);
    object
}

/// Puts the containers in: a sidecar and what sets capture up come before all others, a gateway is the application.
fn containers(context: &Context<'_>, spec: &mut Fields, mounted: &Mounted) {
    let pause = life_cycle::proxy_pause(context, spec);
    let (stated, place) = take_stated(spec, PROXY_CONTAINER);
    let stated = stated.map(|stated| usable(stated, spec));
    let proxy = {
        let mounts = mounted.mounts.iter().cloned().chain(host_aliases::mount(context.injection));
        container::container(context, stated, mounts.collect(), pause)
    };
    match context.proxy.role {
        ProxyRole::Gateway => {
            let containers = pods::list(spec, "containers");
            containers.insert(place.min(containers.len()), proxy);
            unprivileged_ports(spec);
        }
        ProxyRole::Sidecar => {
            let mut first = capture_containers(context, spec);
            first.push(proxy);
            pods::list(spec, "initContainers").splice(0..0, first);
        }
    }
}

/// Containers that set capture up, with what people state about them.
fn capture_containers(context: &Context<'_>, spec: &mut Fields) -> Vec<Value> {
    let Some(rules) = &context.injection.capture else { return Vec::new() };
    let resources = container::resources(&context.injection.container);
    let mut containers = capture::containers(rules, context.options, &resources);
    for (container, name) in containers.iter_mut().zip(capture::container_names(rules)) {
        if let (Some(stated), _) = take_stated(spec, name) {
            overlay::lay_over(pods::fields(container), usable(stated, spec));
        }
    }
    containers
}

/// Takes a container of a name out of the pods, with its place among the ordinary containers.
fn take_stated(spec: &mut Fields, name: &str) -> (Option<Fields>, usize) {
    for list in ["containers", "initContainers"] {
        let Some(containers) = spec.get_mut(list).and_then(Value::as_array_mut) else { continue };
        if let Some(place) = containers.iter().position(|container| pods::name(container) == Some(name)) {
            let taken = containers.remove(place);
            if containers.is_empty() && list == "initContainers" {
                spec.remove(list);
            }
            let Value::Object(fields) = taken else { return (None, place) };
            return (Some(fields), place);
        }
    }
    (None, 0)
}

/// What is of use of a stated container. `auto` is what people write where Istio fills an image in; a container that runs Istio's
/// agent brings much that only the agent needs, so that only its shape is kept.
fn usable(mut stated: Fields, spec: &mut Fields) -> Fields {
    if stated.get("image").is_some_and(|image| image == "auto") {
        stated.remove("image");
    }
    if !runs_agent(&stated) {
        return stated;
    }
    const SHAPE: [&str; 5] = ["name", "ports", "resources", "securityContext", "imagePullPolicy"];
    let of_agent: BTreeSet<String> = volume_names(&stated).map(str::to_owned).collect();
    let elsewhere: BTreeSet<String> = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| pods::items(spec, list).filter_map(Value::as_object).flat_map(volume_names))
        .map(str::to_owned)
        .collect();
    if let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) {
        volumes.retain(|volume| {
            pods::name(volume).is_none_or(|name| !of_agent.contains(name) || elsewhere.contains(name))
        });
    }
    stated.retain(|key, _| SHAPE.contains(&key.as_str()));
    stated
}

/// Whether a container runs Istio's agent (`proxy sidecar`, `proxy router`), or its set-up of capture.
fn runs_agent(container: &Fields) -> bool {
    let mut arguments = pods::items(container, "args").filter_map(Value::as_str);
    match arguments.next() {
        Some("proxy") => matches!(arguments.next(), Some("sidecar" | "router")),
        first => first == Some("istio-iptables"),
    }
}

fn volume_names(container: &Fields) -> impl Iterator<Item = &str> {
    pods::items(container, "volumeMounts").filter_map(pods::name)
}

/// A gateway binds the ports of its servers, which may be low, without being root. Kubernetes counts this setting as safe.
fn unprivileged_ports(spec: &mut Fields) {
    const SETTING: &str = "net.ipv4.ip_unprivileged_port_start";
    let context = pods::child(spec, "securityContext");
    let settings = pods::list(context, "sysctls");
    if !settings.iter().any(|setting| pods::name(setting) == Some(SETTING)) {
        settings.push(json!({"name": SETTING, "value": "0"}));
    }
}

/// Adds the volumes of the proxy, in place of any of the same names.
fn volumes(context: &Context<'_>, spec: &mut Fields, mounted: Mounted) {
    let stated =
        context.injection.container.volumes.iter().map(|(name, volume)| container::named(name, volume));
    let added: Vec<Value> = mounted.volumes.into_iter().chain(stated).collect();
    let names: BTreeSet<&str> = added.iter().filter_map(pods::name).collect();
    let volumes = pods::list(spec, "volumes");
    volumes.retain(|volume| pods::name(volume).is_none_or(|name| !names.contains(name)));
    volumes.extend(added);
}
