//! Parts of a plan that several proxies share, so that cost follows what is different and not the number of proxies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_contract::WorkloadRef;
use meshc_diagnostics::Diagnostics;
use meshc_model::{Mesh, Workload, WorkloadRole};
use meshc_plan::{Listener, ListenerName, RouteTable, RouteTableName, Upstream, UpstreamName};

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
    known_upstreams: Known<UpstreamName, Upstream>,
    known_listeners: Known<ListenerName, Listener>,
}

/// Nodes that were made already, by name, the newest last.
#[derive(Debug)]
struct Known<Name, Node>(BTreeMap<Name, Vec<Arc<Node>>>);

/// With how many nodes of its name a node is compared. Proxies that are told the same are neighbours mostly, and where each
/// is told something else, comparing with all earlier ones would cost more than it saves.
const COMPARED: usize = 8;

impl<Name: Ord + Clone, Node: PartialEq> Known<Name, Node> {
    const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// The node that is equal to this one and is known already; else this one.
    fn once(&mut self, name: &Name, node: Arc<Node>) -> Arc<Node> {
        let Some(of_name) = self.0.get_mut(name) else {
            self.0.insert(name.clone(), vec![Arc::clone(&node)]);
            return node;
        };
        let equal = |known: &&Arc<Node>| Arc::ptr_eq(known, &node) || ***known == *node;
        if let Some(known) = of_name.iter().rev().take(COMPARED).find(equal) {
            return Arc::clone(known);
        }
        of_name.push(Arc::clone(&node));
        node
    }
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
    /// Which networks it is in and sees.
    networks: (Option<String>, Option<String>),
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
            known_upstreams: Known::none(),
            known_listeners: Known::none(),
        }
    }

    /// The listeners of a proxy, each of them the one of an earlier proxy where that is told the same.
    pub(crate) fn listeners(&mut self, listeners: Vec<Arc<Listener>>) -> Vec<Arc<Listener>> {
        let known = &mut self.known_listeners;
        listeners.into_iter().map(|listener| known.once(&listener.name.clone(), listener)).collect()
    }

    /// The same for upstreams.
    pub(crate) fn same_upstreams(&mut self, upstreams: Vec<Arc<Upstream>>) -> Vec<Arc<Upstream>> {
        let known = &mut self.known_upstreams;
        upstreams.into_iter().map(|upstream| known.once(&upstream.name.clone(), upstream)).collect()
    }

    /// Upstreams of the services that a proxy sees.
    pub(crate) fn upstreams(&mut self, cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Arc<Upstreams> {
        let key = self.seen(cx);
        if let Some(known) = self.upstreams.get(&key) {
            return Arc::clone(known);
        }
        let Upstreams { upstreams, headless } = upstream::outbound(cx, diags);
        let made = Arc::new(Upstreams { upstreams: self.same_upstreams(upstreams), headless });
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
            networks: (
                workload.network.clone().filter(|_| !cx.mesh.networks.is_empty()),
                workload.metadata.get("REQUESTED_NETWORK_VIEW").cloned(),
            ),
            preserve_header_case: upstream::preserves_header_case(cx),
            rules: selecting.map(|(rule, _)| rule.clone()).collect(),
        }
    }
}

fn has_labels(workload: &Workload, labels: &Labels) -> bool {
    labels.iter().all(|(key, value)| workload.labels.get(key) == Some(value))
}
