//! Which probes and hooks of the kubelet the proxy forwards: those that it would meet at a captured port (dataplane.md §4.3).

use std::collections::BTreeMap;
use std::time::Duration;

use meshc_api::kubernetes::{Container, HttpGetAction, IntOrString, Probe};
use meshc_model::{Mesh, Workload};
use meshc_plan::{ProbeBridge, ProbeKind, ProbeRoute, ProbeTarget, ProbeTiming};

use super::annotations::Complaints;
use super::capture;
use super::ports::OwnPorts;

/// Annotation that leaves probes as they are.
const REWRITE: &str = "sidecar.istio.io/rewriteAppHTTPProbers";

/// Variable of Istio's proxy container with the probes as they were before injection, by the paths that they have now.
pub(super) const ORIGINAL_PROBES: &str = "ISTIO_KUBE_APP_PROBERS";

/// A probe with a port that its container does not have.
#[derive(Debug)]
pub(super) struct UnknownPort {
    pub(super) container: String,
    pub(super) kind: ProbeKind,
    pub(super) port: String,
}

/// The bridge of a workload; `None` where nothing has to be forwarded.
pub(crate) fn bridge(mesh: &Mesh, workload: &Workload) -> Option<ProbeBridge> {
    found(mesh, workload, &mut Vec::new())
}

/// The same, and probes that lead nowhere.
pub(super) fn found(mesh: &Mesh, workload: &Workload, unknown: &mut Vec<UnknownPort>) -> Option<ProbeBridge> {
    let capture = capture::capture(mesh, workload, &mut Complaints::default())?;
    let port = OwnPorts::of(workload).probes?;
    if workload.annotations.get(REWRITE).is_some_and(|text| text.eq_ignore_ascii_case("false")) {
        return None;
    }
    let originals = originals(workload);
    let mut probes = Vec::new();
    for container in asked(workload) {
        for (kind, probe) in stated(container) {
            let probe = original(&probe, &originals).unwrap_or(probe);
            match target(container, kind, &probe) {
                Some(Ok(target)) if capture.takes_inbound(port_of(&target)) => {
                    probes.push(ProbeRoute { container: container.name.clone(), kind, target });
                }
                Some(Ok(_)) | None => {}
                Some(Err(port)) => {
                    unknown.push(UnknownPort { container: container.name.clone(), kind, port });
                }
            }
        }
    }
    (!probes.is_empty()).then_some(ProbeBridge { port, probes })
}

/// Containers of the application whose probes count: the ordinary ones and sidecars of Kubernetes.
fn asked(workload: &Workload) -> impl Iterator<Item = &Container> {
    let staying = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
    let all = workload.pods.init_containers.iter().filter(staying).chain(&workload.pods.containers);
    all.filter(|container| container.name != super::PROXY_CONTAINER)
}

/// Probes and hooks of a container. A hook asks what a probe with the same action would.
fn stated(container: &Container) -> impl Iterator<Item = (ProbeKind, Probe)> {
    let hooks = container.lifecycle.clone().unwrap_or_default();
    // A hook with a TCP socket does nothing; Kubernetes keeps the field for old manifests.
    let hook = |handler: Option<meshc_api::kubernetes::LifecycleHandler>| {
        handler.map(|handler| Probe { http_get: handler.http_get, ..Probe::default() })
    };
    [
        (ProbeKind::Startup, container.startup_probe.clone()),
        (ProbeKind::Readiness, container.readiness_probe.clone()),
        (ProbeKind::Liveness, container.liveness_probe.clone()),
        (ProbeKind::PostStart, hook(hooks.post_start)),
        (ProbeKind::PreStop, hook(hooks.pre_stop)),
    ]
    .into_iter()
    .filter_map(|(kind, probe)| Some((kind, probe?)))
}

/// Probes before an injection by Istio.
fn originals(workload: &Workload) -> BTreeMap<String, Probe> {
    let proxy = capture::containers(workload).find(|container| container.name == super::PROXY_CONTAINER);
    let variables = proxy.into_iter().flat_map(|container| &container.env);
    let text = variables.filter(|variable| variable.name == ORIGINAL_PROBES).find_map(|v| v.value.as_deref());
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn original(probe: &Probe, originals: &BTreeMap<String, Probe>) -> Option<Probe> {
    let path = probe.http_get.as_ref()?.path.as_deref()?;
    let Probe { http_get, tcp_socket, grpc, exec, .. } = originals.get(path)?.clone();
    Some(Probe { http_get, tcp_socket, grpc, exec, ..probe.clone() })
}

/// What is asked of the pod; `None` where nothing of it is asked over the network, the text of the port where it is unknown.
fn target(container: &Container, kind: ProbeKind, probe: &Probe) -> Option<Result<ProbeTarget, String>> {
    let timing =
        ProbeTiming { period: seconds(probe.period_seconds, 10), timeout: seconds(probe.timeout_seconds, 1) };
    if let Some(HttpGetAction { path, port, host, scheme, http_headers: _ }) = &probe.http_get {
        if !is_pod(host.as_deref()) {
            return None;
        }
        let tls = scheme.as_deref().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        return Some(number(container, port).map(|port| ProbeTarget::Http {
            port,
            path: absolute(path.as_deref()),
            tls,
        }));
    }
    if matches!(kind, ProbeKind::PostStart | ProbeKind::PreStop) {
        return None;
    }
    if let Some(socket) = &probe.tcp_socket {
        return is_pod(socket.host.as_deref())
            .then(|| number(container, &socket.port).map(|port| ProbeTarget::Tcp { port, timing }));
    }
    let grpc = probe.grpc.as_ref()?;
    let service = grpc.service.clone().unwrap_or_default();
    Some(Ok(ProbeTarget::Grpc { port: grpc.port, service, timing }))
}

fn port_of(target: &ProbeTarget) -> u16 {
    match target {
        ProbeTarget::Http { port, .. } | ProbeTarget::Tcp { port, .. } | ProbeTarget::Grpc { port, .. } => {
            *port
        }
    }
}

/// Whether the host of a probe means the pod. People write the loopback address and mean it, although it is that of the node;
/// Istio's injector takes it so too.
fn is_pod(host: Option<&str>) -> bool {
    matches!(host, None | Some("" | "localhost" | "127.0.0.1"))
}

fn absolute(path: Option<&str>) -> String {
    match path {
        Some(path) if path.starts_with('/') => path.to_owned(),
        path => format!("/{}", path.unwrap_or_default()),
    }
}

/// The number of a port as the kubelet finds it: by name in the container, else as digits.
fn number(container: &Container, port: &IntOrString) -> Result<u16, String> {
    let named = |name: &String| {
        let ports = container.ports.iter();
        let of_name =
            ports.filter(|port| port.name.as_deref() == Some(name)).map(|port| port.container_port).next();
        of_name.or_else(|| name.parse().ok()).filter(|port| *port != 0)
    };
    let number = match port {
        IntOrString::Int(_) => port.port(),
        IntOrString::String(name) => named(name),
    };
    number.ok_or_else(|| port.to_string())
}

fn seconds(stated: Option<i32>, default: u64) -> Duration {
    let stated = stated.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    Duration::from_secs(stated.unwrap_or(default))
}
