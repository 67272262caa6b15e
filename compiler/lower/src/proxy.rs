//! The plan of one proxy, put together from its parts in the order in which istiod sends them.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_contract::metadata::TARGET_ANNOTATION;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{Mesh, Workload, WorkloadRole};
use meshc_plan::{HeadlessService, ProxyPlan, ProxyRole, ProxyTarget};

use crate::context::ProxyContext;
use crate::kubernetes::{self, OwnPorts};
use crate::shared::Shared;
use crate::{bootstrap, gateway, inbound, listener, security, upstream, workload_labels};

/// Generated Services by namespace and name.
pub(crate) type HeadlessServices = BTreeMap<(String, String), HeadlessService>;

/// The plan of the proxy of a workload; `None` for a workload without one.
pub(crate) fn proxy(
    mesh: &Mesh,
    workload: &Workload,
    shared: &mut Shared,
    headless: &mut HeadlessServices,
    diags: &mut Diagnostics,
) -> Option<ProxyPlan> {
    let role = workload.proxy?;
    let cx = ProxyContext { mesh, workload, scope: mesh.scope(workload), sharing: Arc::default() };
    let (listeners, route_tables) = match role {
        WorkloadRole::Sidecar => {
            let mut listeners = listener::outbound::listeners(&cx, diags);
            let route_tables = shared.route_tables(&cx, &listeners, diags);
            let security = security::filters(&cx, diags);
            listeners.extend(inbound::listeners(&cx, &security, diags));
            (listeners, route_tables)
        }
        WorkloadRole::Gateway => (gateway::listeners(&cx, diags), gateway::route_tables(&cx, diags)),
    };
    let outbound = shared.upstreams(&cx, diags);
    let wanted = gateway::referenced::wanted(&cx);
    let of_services =
        outbound.upstreams.iter().filter(|it| role == WorkloadRole::Sidecar || wanted(&it.name));
    let own = upstream::own(&cx, diags);
    for service in outbound.headless.iter().chain(&own.headless) {
        let key = (service.namespace.clone(), service.name.clone());
        headless.entry(key).or_insert_with(|| service.clone());
    }
    Some(ProxyPlan {
        workload: workload.reference.clone(),
        role: match role {
            WorkloadRole::Sidecar => ProxyRole::Sidecar,
            WorkloadRole::Gateway => ProxyRole::Gateway,
        },
        labels: workload_labels::of(mesh, workload),
        target: target(workload, diags),
        identity: workload.identity.clone(),
        listeners: shared.listeners(listeners),
        route_tables,
        upstreams: of_services.cloned().chain(shared.same_upstreams(own.upstreams)).collect(),
        bootstrap: bootstrap::bootstrap(&cx, diags),
        origin: workload.origin.clone(),
    })
}

/// The port that captured inbound traffic is redirected to.
pub(crate) fn inbound_capture_port(cx: &ProxyContext<'_>) -> u16 {
    u16::try_from(cx.mesh.config.proxy_inbound_listen_port).unwrap_or(15006)
}

/// Whether a sidecar listens on a port at all addresses for its own purposes.
pub(crate) fn is_reserved_port(cx: &ProxyContext<'_>, port: u16) -> bool {
    let stated = ["ENVOY_STATUS_PORT", "ENVOY_PROMETHEUS_PORT"];
    i32::from(port) == cx.mesh.config.proxy_listen_port
        || port == inbound_capture_port(cx)
        || is_own_port(cx, port)
        || stated
            .iter()
            .any(|key| cx.workload.metadata.get(*key).is_some_and(|text| *text == port.to_string()))
}

/// Whether the process of a proxy listens on a port at all addresses: for metrics, readiness or probes. Envoy starts with no
/// second listener there; one of the same name would even replace that of the process.
pub(crate) fn is_own_port(cx: &ProxyContext<'_>, port: u16) -> bool {
    let OwnPorts { prometheus, ready, probes } = OwnPorts::of(cx.workload);
    let asked = || probes == Some(port) && kubernetes::bridge(cx.mesh, cx.workload).is_some();
    cx.mesh.options.reserve_own_ports && (port == prometheus || port == ready || asked())
}

/// The program that the pods ask for.
fn target(workload: &Workload, diags: &mut Diagnostics) -> Option<ProxyTarget> {
    let stated = workload.annotations.get(TARGET_ANNOTATION)?;
    let target = ProxyTarget::parse(stated);
    if target.is_none() {
        let message = format!(
            "annotation `{TARGET_ANNOTATION}` of {} is `{stated}`, which is no target",
            workload.object
        );
        let finding = Diagnostic::new(&codes::INVALID_VALUE, message)
            .consequence("the pods get the proxy that the build chooses for all")
            .help("write `envoy` or `proxy`");
        diags.push(finding.at_origin(&workload.origin, "of this workload"));
    }
    target
}
