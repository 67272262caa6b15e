//! Emits proxy after proxy, and every node that several of them share once.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_contract::{SpiffeId, WorkloadRef};
use meshc_diagnostics::{Diagnostics, Origin};
use meshc_plan::{Listener, Plan, ProxyPlan, RouteTable, Upstream, UpstreamName};
use serde::Serialize;

use super::emitted_config::EmittedConfig;
use super::findings::{Findings, Site};
use super::key_material::Needs;
use super::peers::Peers;
use super::{listener, node, route, upstream};
use crate::envoy::{named_by, names};
use crate::json;

/// A node, laid out.
type Text = Arc<str>;

/// A node with what it needs beside the configuration.
type Known = (Text, Needs);

/// Emits proxies of a plan. Nodes are told apart by their addresses, so the plan must not change meanwhile.
pub struct Emitter<'p> {
    plan: &'p Plan,
    /// Made for the first proxy, since most plans have none of this target.
    peers: Option<Peers<'p>>,
    listeners: BTreeMap<usize, Known>,
    route_tables: BTreeMap<usize, Text>,
    upstreams: BTreeMap<usize, Known>,
    peer_texts: BTreeMap<&'p SpiffeId, Text>,
    findings: Findings,
}

impl<'p> Emitter<'p> {
    /// An emitter that has seen nothing of its plan yet.
    #[must_use]
    pub fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            peers: None,
            listeners: BTreeMap::new(),
            route_tables: BTreeMap::new(),
            upstreams: BTreeMap::new(),
            peer_texts: BTreeMap::new(),
            findings: Findings::default(),
        }
    }

    /// Emits one proxy.
    pub fn proxy(&mut self, proxy: &'p ProxyPlan, diagnostics: &mut Diagnostics) -> EmittedConfig {
        let ProxyPlan {
            workload,
            role: _,
            labels: _,
            target: _,
            identity: _,
            listeners,
            route_tables,
            upstreams,
            bootstrap: _,
            origin,
        } = proxy;
        let mut needs = Needs::default();
        let head = {
            let mut site = self.site(workload, ("the workload", origin), &mut needs, diagnostics);
            head(&node::head(proxy, &mut site))
        };
        let listeners: Arc<[Text]> =
            listeners.iter().map(|one| self.listener(one, workload, &mut needs, diagnostics)).collect();
        let mut tables: BTreeMap<String, Text> = BTreeMap::new();
        for table in route_tables {
            tables.insert(
                names::route_table(&table.name),
                self.route_table(table, workload, &mut needs, diagnostics),
            );
        }
        let mut by_name: BTreeMap<String, Text> = BTreeMap::new();
        // An upstream of a service that nothing refers to takes no traffic, but a share of the object, and look-ups of its names.
        let named = named_by(proxy);
        let used = |one: &&Arc<Upstream>| {
            !matches!(one.name, UpstreamName::Outbound { .. }) || named.contains(&one.name)
        };
        for one in upstreams.iter().filter(used) {
            let text = self.upstream(one, workload, &mut needs, diagnostics);
            by_name.insert(names::upstream(&one.name), text);
        }
        EmittedConfig {
            head,
            listeners,
            route_tables: tables.into_values().collect(),
            upstreams: by_name.into_values().collect(),
            peers: self.peers(proxy),
            needs,
        }
    }

    fn site<'a>(
        &'a mut self,
        workload: &'a WorkloadRef,
        (node, origin): (&'a str, &'a Origin),
        needs: &'a mut Needs,
        diagnostics: &'a mut Diagnostics,
    ) -> Site<'a> {
        Site { findings: &mut self.findings, diagnostics, needs, workload, node, origin }
    }

    fn listener(
        &mut self,
        node: &Arc<Listener>,
        workload: &WorkloadRef,
        needs: &mut Needs,
        diagnostics: &mut Diagnostics,
    ) -> Text {
        let id = Arc::as_ptr(node).addr();
        if !self.listeners.contains_key(&id) {
            let mut own = Needs::default();
            let name = format!("the listener `{}`", names::listener(&node.name));
            let mut site = self.site(workload, (&name, &node.origin), &mut own, diagnostics);
            let text = laid_out(&listener::listener(node, &mut site));
            self.listeners.insert(id, (text.into(), own));
        }
        known(&self.listeners, id, needs)
    }

    fn upstream(
        &mut self,
        node: &Arc<Upstream>,
        workload: &WorkloadRef,
        needs: &mut Needs,
        diagnostics: &mut Diagnostics,
    ) -> Text {
        let id = Arc::as_ptr(node).addr();
        if !self.upstreams.contains_key(&id) {
            let mut own = Needs::default();
            let name = names::upstream(&node.name);
            let called = format!("the upstream `{name}`");
            let mut site = self.site(workload, (&called, &node.origin), &mut own, diagnostics);
            let text = entry(&name, &upstream::upstream(node, &mut site));
            self.upstreams.insert(id, (text, own));
        }
        known(&self.upstreams, id, needs)
    }

    fn route_table(
        &mut self,
        table: &Arc<RouteTable>,
        workload: &WorkloadRef,
        needs: &mut Needs,
        diagnostics: &mut Diagnostics,
    ) -> Text {
        let id = Arc::as_ptr(table).addr();
        if let Some(known) = self.route_tables.get(&id) {
            return Arc::clone(known);
        }
        let name = names::route_table(&table.name);
        let called = format!("the route table `{name}`");
        let mut site = self.site(workload, (&called, &table.origin), needs, diagnostics);
        let text = entry(&name, &route::route_table(table, &mut site));
        self.route_tables.insert(id, Arc::clone(&text));
        text
    }

    fn peers(&mut self, proxy: &'p ProxyPlan) -> Arc<[Text]> {
        let plan = self.plan;
        let peers = self.peers.get_or_insert_with(|| Peers::of(plan)).of_proxy(proxy);
        let texts = peers.into_iter().map(|(id, labels)| {
            let make = || entry(&id.to_string(), labels);
            Arc::clone(self.peer_texts.entry(id).or_insert_with(make))
        });
        texts.collect()
    }
}

/// A node that was emitted already; what it needs is added.
fn known(nodes: &BTreeMap<usize, Known>, id: usize, needs: &mut Needs) -> Text {
    nodes.get(&id).map_or_else(Text::default, |(text, own)| {
        needs.extend(own);
        Arc::clone(text)
    })
}

/// A value of the contract as JSON. Its keys are strings and its numbers are finite, so it always has a text.
fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn laid_out(value: &impl Serialize) -> String {
    json::layout(&compact(value))
}

/// An entry of a mapping.
fn entry(key: &str, value: &impl Serialize) -> Text {
    format!("{}: {}", compact(&key), laid_out(value)).into()
}

/// The start of a configuration, up to its listeners, which come last where everything else is empty.
fn head(config: &meshc_contract::proxy::ProxyConfig) -> String {
    let text = laid_out(config);
    text.strip_suffix("\n \"listeners\": []\n}").map_or(text.clone(), str::to_owned)
}
