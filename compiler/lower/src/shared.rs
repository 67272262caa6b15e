//! Parts of a plan that several proxies share, so that cost follows what is different and not the number of proxies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_contract::WorkloadRef;
use meshc_diagnostics::Diagnostics;
use meshc_model::{Mesh, Workload, WorkloadRole};
use meshc_plan::{Listener, RouteTable, RouteTableName};

use crate::context::ProxyContext;
use crate::http;
use crate::upstream::{self, Upstreams};

type Labels = BTreeMap<String, String>;

/// What was made for earlier proxies.
#[derive(Debug)]
pub(crate) struct Shared {
    /// DestinationRules that select workloads, with the labels that they select by.
    selecting_rules: Vec<(WorkloadRef, Labels)>,
    /// Labels by which HTTP routes tell where requests come from, each once.
    source_labels: Vec<Labels>,
    upstreams: BTreeMap<SeenKey, Arc<Upstreams>>,
    route_tables: BTreeMap<RoutesKey, Vec<Arc<RouteTable>>>,
}

/// All of a proxy that upstreams of services depend on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct SeenKey {
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

/// All of a sidecar that its route tables depend on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RoutesKey {
    seen: SeenKey,
    /// Whether names are resolved to addresses that Istio makes up.
    takes_auto_addresses: bool,
    /// `proxyHeaders`, as text: it has no order.
    proxy_headers: String,
    /// Positions of the source labels that the workload has.
    source_labels: Vec<usize>,
    /// Tables that its listeners name.
    tables: BTreeSet<RouteTableName>,
}

impl Shared {
    /// Nothing is shared yet.
    pub(crate) fn of(mesh: &Mesh) -> Self {
        let selecting = mesh.destination_rules.iter().filter_map(|rule| {
            let labels = rule.spec.workload_selector.as_ref()?.match_labels.clone();
            let name = WorkloadRef { namespace: rule.namespace().to_owned(), name: rule.name().to_owned() };
            Some((name, labels))
        });
        let matches = mesh
            .virtual_services
            .iter()
            .flat_map(|object| &object.spec.http)
            .flat_map(|route| &route.r#match);
        let source_labels: BTreeSet<Labels> = matches.map(|request| request.source_labels.clone()).collect();
        Self {
            selecting_rules: selecting.collect(),
            source_labels: source_labels.into_iter().collect(),
            upstreams: BTreeMap::new(),
            route_tables: BTreeMap::new(),
        }
    }

    /// Upstreams of the services that a proxy sees.
    pub(crate) fn upstreams(&mut self, cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Arc<Upstreams> {
        let key = self.seen(cx);
        if let Some(known) = self.upstreams.get(&key) {
            return Arc::clone(known);
        }
        let made = Arc::new(upstream::outbound(cx, diags));
        self.upstreams.insert(key, Arc::clone(&made));
        made
    }

    /// Route tables of a sidecar.
    pub(crate) fn route_tables(
        &mut self,
        cx: &ProxyContext<'_>,
        listeners: &[Arc<Listener>],
        diags: &mut Diagnostics,
    ) -> Vec<Arc<RouteTable>> {
        let has = |labels: &Labels| has_labels(cx.workload, labels);
        let key = RoutesKey {
            seen: self.seen(cx),
            takes_auto_addresses: cx.workload.takes_auto_addresses,
            proxy_headers: format!("{:?}", cx.workload.proxy_config.proxy_headers),
            source_labels: self
                .source_labels
                .iter()
                .enumerate()
                .filter(|(_, labels)| has(labels))
                .map(|(position, _)| position)
                .collect(),
            tables: http::table_names(listeners).into_iter().cloned().collect(),
        };
        if let Some(known) = self.route_tables.get(&key) {
            return known.clone();
        }
        let made = http::route_tables(cx, listeners, diags);
        self.route_tables.insert(key, made.clone());
        made
    }

    fn seen(&self, cx: &ProxyContext<'_>) -> SeenKey {
        let workload = cx.workload;
        let selecting = self.selecting_rules.iter().filter(|(_, labels)| has_labels(workload, labels));
        SeenKey {
            namespace: workload.namespace().to_owned(),
            sidecar: cx.scope.sidecar.as_ref().map(|sidecar| WorkloadRef {
                namespace: sidecar.namespace().to_owned(),
                name: sidecar.name().to_owned(),
            }),
            role: workload.proxy.unwrap_or(WorkloadRole::Sidecar),
            ipv6: workload.is_ipv6(),
            locality: workload.locality.clone(),
            preserve_header_case: upstream::preserves_header_case(cx),
            rules: selecting.map(|(rule, _)| rule.clone()).collect(),
        }
    }
}

fn has_labels(workload: &Workload, labels: &Labels) -> bool {
    labels.iter().all(|(key, value)| workload.labels.get(key) == Some(value))
}
