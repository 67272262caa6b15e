//! The plan of one proxy, put together from its parts in the order in which istiod sends them.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_contract::WorkloadRef;
use meshc_diagnostics::Diagnostics;
use meshc_model::{Mesh, Workload, WorkloadRole};
use meshc_plan::{HeadlessService, ProxyPlan, ProxyRole};

use crate::context::ProxyContext;
use crate::upstream::{self, Upstreams};
use crate::{bootstrap, gateway, http, inbound, listener, security};

/// Generated Services by namespace and name.
pub(crate) type HeadlessServices = BTreeMap<(String, String), HeadlessService>;

/// The plan of the proxy of a workload; `None` for a workload without one.
pub(crate) fn proxy(
    mesh: &Mesh,
    workload: &Workload,
    shared: &mut SharedUpstreams,
    headless: &mut HeadlessServices,
    diags: &mut Diagnostics,
) -> Option<ProxyPlan> {
    let role = workload.proxy?;
    let cx = ProxyContext { mesh, workload, scope: mesh.scope(workload) };
    let (listeners, route_tables) = match role {
        WorkloadRole::Sidecar => {
            let mut listeners = listener::outbound::listeners(&cx, diags);
            let route_tables = http::route_tables(&cx, &listeners, diags);
            let security = security::filters(&cx, diags);
            listeners.extend(inbound::listeners(&cx, &security, diags));
            (listeners, route_tables)
        }
        WorkloadRole::Gateway => (gateway::listeners(&cx, diags), gateway::route_tables(&cx, diags)),
    };
    let outbound = shared.outbound(&cx, diags);
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
        identity: workload.identity.clone(),
        listeners,
        route_tables,
        upstreams: outbound.upstreams.iter().cloned().chain(own.upstreams).collect(),
        bootstrap: bootstrap::bootstrap(&cx),
        origin: workload.origin.clone(),
    })
}

/// Upstreams of services that several proxies share, so that cost follows what is different and not the number of
/// proxies.
#[derive(Debug)]
pub(crate) struct SharedUpstreams {
    /// DestinationRules that select workloads, with the labels that they select by.
    selecting_rules: Vec<(WorkloadRef, BTreeMap<String, String>)>,
    known: BTreeMap<SharingKey, Arc<Upstreams>>,
}

/// All of a proxy that upstreams of services depend on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct SharingKey {
    /// With the Sidecar, it tells what the proxy sees.
    namespace: String,
    sidecar: Option<WorkloadRef>,
    role: WorkloadRole,
    ipv6: bool,
    locality: Option<String>,
    preserve_header_case: bool,
    /// DestinationRules that select the workload.
    rules: Vec<WorkloadRef>,
}

impl SharedUpstreams {
    /// Nothing is shared yet.
    pub(crate) fn of(mesh: &Mesh) -> Self {
        let selecting = mesh.destination_rules.iter().filter_map(|rule| {
            let labels = rule.spec.workload_selector.as_ref()?.match_labels.clone();
            let name = WorkloadRef { namespace: rule.namespace().to_owned(), name: rule.name().to_owned() };
            Some((name, labels))
        });
        Self { selecting_rules: selecting.collect(), known: BTreeMap::new() }
    }

    /// Upstreams of the services that a proxy sees.
    fn outbound(&mut self, cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Arc<Upstreams> {
        let key = self.key(cx);
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let upstreams = Arc::new(upstream::outbound(cx, diags));
        self.known.insert(key, Arc::clone(&upstreams));
        upstreams
    }

    fn key(&self, cx: &ProxyContext<'_>) -> SharingKey {
        let workload = cx.workload;
        let selected = |labels: &BTreeMap<String, String>| {
            labels.iter().all(|(key, value)| workload.labels.get(key) == Some(value))
        };
        SharingKey {
            namespace: workload.namespace().to_owned(),
            sidecar: cx.scope.sidecar.as_ref().map(|sidecar| WorkloadRef {
                namespace: sidecar.namespace().to_owned(),
                name: sidecar.name().to_owned(),
            }),
            role: workload.proxy.unwrap_or(WorkloadRole::Sidecar),
            ipv6: workload.is_ipv6(),
            locality: workload.locality.clone(),
            preserve_header_case: upstream::preserves_header_case(cx),
            rules: self
                .selecting_rules
                .iter()
                .filter(|(_, labels)| selected(labels))
                .map(|(rule, _)| rule.clone())
                .collect(),
        }
    }
}

/// The port that captured inbound traffic is redirected to.
pub(crate) fn inbound_capture_port(cx: &ProxyContext<'_>) -> u16 {
    u16::try_from(cx.mesh.config.proxy_inbound_listen_port).unwrap_or(15006)
}

/// Whether the proxy listens on a port for its own purposes.
pub(crate) fn is_reserved_port(cx: &ProxyContext<'_>, port: u16) -> bool {
    let stated = ["ENVOY_STATUS_PORT", "ENVOY_PROMETHEUS_PORT"];
    i32::from(port) == cx.mesh.config.proxy_listen_port
        || port == inbound_capture_port(cx)
        || stated
            .iter()
            .any(|key| cx.workload.metadata.get(*key).is_some_and(|text| *text == port.to_string()))
}
