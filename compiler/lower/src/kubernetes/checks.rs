//! What keeps injected pods from running, or their traffic from the proxy.

use meshc_api::ResourceSet;
use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, Span, codes};
use meshc_model::{Mesh, Workload};
use meshc_plan::{PodPlace, ProbeKind, TrafficCapture};

use super::annotations::{self, Complaint, Complaints};
use super::ports::OwnPorts;
use super::probe::{self, UnknownPort};
use super::{INIT_CONTAINER, PROXY_CONTAINER, capture};

/// Label by which Kubernetes refuses pods that may do too much.
const POD_SECURITY: &str = "pod-security.kubernetes.io/enforce";

/// The object that has the pods, for the places of findings.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) object: &'a ObjectRef,
    pub(super) place: PodPlace,
    pub(super) span: &'a dyn Fn(&str) -> Span,
}

impl Spot<'_> {
    /// Adds the place of a field of the pods.
    pub(super) fn at(&self, finding: Diagnostic, path: &str) -> Diagnostic {
        let path = match self.place {
            PodPlace::Object => path.to_owned(),
            PodPlace::Template => format!("spec.template.{path}"),
            PodPlace::JobTemplate => format!("spec.jobTemplate.spec.template.{path}"),
        };
        finding.at((self.span)(&path), "").about(self.object.clone(), path)
    }

    fn at_annotation(&self, finding: Diagnostic, key: &str) -> Diagnostic {
        self.at(finding, &format!("metadata.annotations[\"{key}\"]"))
    }
}

/// Reports everything about one injected workload.
pub(super) fn check(
    spot: Spot<'_>,
    mesh: &Mesh,
    workload: &Workload,
    (capture, complaints): (Option<&TrafficCapture>, Complaints),
    diags: &mut Diagnostics,
) {
    for Complaint { key, problem } in complaints.into_inner() {
        diags.push(unreadable(spot, key, &problem));
    }
    for (key, reason) in annotations::without_effect(workload) {
        let finding =
            Diagnostic::new(&codes::FIELD_WITHOUT_EFFECT, format!("`{key}` has no effect: {reason}"));
        diags.push(spot.at_annotation(finding, key));
    }
    let mut unknown = Vec::new();
    probe::found(mesh, workload, &mut unknown);
    for UnknownPort { container, kind, port } in unknown {
        diags.push(probe_without_port(spot, &container, kind, &port));
    }
    reserved_ports(spot, workload, diags);
    if let Some(capture) = capture {
        proxy_user(spot, workload, capture, diags);
    }
}

fn unreadable(spot: Spot<'_>, key: &str, problem: &str) -> Diagnostic {
    let finding =
        Diagnostic::new(&codes::INVALID_INJECTION_ANNOTATION, format!("`{key}` cannot be read: {problem}"))
            .consequence("Istio's injector refuses such pods; what the annotation asks for does not happen")
            .help("correct or remove the annotation");
    spot.at_annotation(finding, key)
}

fn probe_without_port(spot: Spot<'_>, container: &str, kind: ProbeKind, port: &str) -> Diagnostic {
    let probe = match kind {
        ProbeKind::Startup => "startupProbe",
        ProbeKind::Readiness => "readinessProbe",
        ProbeKind::Liveness => "livenessProbe",
        ProbeKind::PostStart => "postStart hook",
        ProbeKind::PreStop => "preStop hook",
    };
    let message = format!(
        "the {probe} of container `{container}` asks port `{port}`, which the container does not have"
    );
    let finding = Diagnostic::new(&codes::PROBE_WITHOUT_PORT, message)
        .consequence("the kubelet cannot ask; the probe fails")
        .help("name the port in the container, or state it as a number");
    spot.at(finding, "spec.containers")
}

/// Ports that both the application and the proxy would bind.
fn reserved_ports(spot: Spot<'_>, workload: &Workload, diags: &mut Diagnostics) {
    let own: Vec<u16> = OwnPorts::of(workload).all().chain(15000..=15009).collect();
    let application = capture::containers(workload).filter(|container| is_application(&container.name));
    for container in application {
        for port in container.ports.iter().filter(|port| own.contains(&port.container_port)) {
            let (name, number) = (&container.name, port.container_port);
            let message = format!("container `{name}` declares port {number}, which the proxy listens on");
            let finding = Diagnostic::new(&codes::RESERVED_PORT, message)
                .consequence("one of the two cannot bind the port, and the pod does not become ready")
                .help("let the application listen on another port");
            diags.push(spot.at(finding, "spec.containers"));
        }
    }
}

fn is_application(name: &str) -> bool {
    name != PROXY_CONTAINER && name != INIT_CONTAINER
}

/// Capture tells the proxy from the application by user and group alone.
fn proxy_user(spot: Spot<'_>, workload: &Workload, capture: &TrafficCapture, diags: &mut Diagnostics) {
    let of_pod = workload.pods.security_context.clone().unwrap_or_default();
    for container in capture::containers(workload).filter(|container| is_application(&container.name)) {
        let own = container.security_context.clone().unwrap_or_default();
        let is = |stated: Option<i64>, proxy: u32| stated == Some(i64::from(proxy));
        let who = if is(own.run_as_user.or(of_pod.run_as_user), capture.proxy_user) {
            ("user", capture.proxy_user, "runAsUser")
        } else if is(own.run_as_group.or(of_pod.run_as_group), capture.proxy_group) {
            ("group", capture.proxy_group, "runAsGroup")
        } else {
            continue;
        };
        let (kind, id, field) = who;
        let message =
            format!("container `{}` runs as {kind} {id}, which is that of the proxy", container.name);
        let finding = Diagnostic::new(&codes::RUNS_AS_PROXY_USER, message)
            .consequence("its connections bypass the proxy: no mTLS, no routing, no policy")
            .help(format!("state another `{field}`"));
        diags.push(spot.at(finding, "spec.securityContext"));
    }
}

/// Namespaces whose pods must not change the rules of their network.
pub(super) fn pod_security(
    resources: &ResourceSet,
    workload: &Workload,
    spot: Spot<'_>,
    diags: &mut Diagnostics,
) {
    let namespace = resources.namespaces.iter().find(|object| object.name() == workload.namespace());
    let Some(namespace) = namespace else { return };
    let Some(level) = namespace.meta.labels.get(POD_SECURITY).filter(|level| *level != "privileged") else {
        return;
    };
    let message = format!("{} admits no container that captures traffic (`{level}`)", namespace.object_ref());
    let finding = Diagnostic::new(&codes::CAPTURE_NOT_ADMITTED, message)
        .related(namespace.span(&format!("metadata.labels[\"{POD_SECURITY}\"]")), "stated here")
        .consequence(
            "Kubernetes refuses the pods, because the container that captures traffic needs NET_ADMIN",
        )
        .help(format!(
            "set the label to `privileged`, or `sidecar.istio.io/interceptionMode: NONE` on the pods of {}",
            spot.object
        ));
    diags.push(spot.at(finding, "metadata.name"));
}
