//! Who sends to whom, as configured: gateways, workloads, services and what leads from one to another.
//!
//! An edge says that something is configured and permitted, never that it was observed.

mod build;
mod calls;
mod condition;
mod dot;
mod json;
mod label;
mod mermaid;
mod routes;
mod tree;

use std::collections::BTreeMap;

use meshc_contract::{ObjectRef, ServiceRef, WorkloadRef};
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

pub use dot::dot;
pub use json::json;
pub use mermaid::mermaid;
pub use tree::tree;

/// Something that traffic goes through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// A workload that runs Gateways.
    Gateway(WorkloadRef),
    /// A host of a Service or ServiceEntry.
    Service(ServiceRef),
    /// A workload, with or without a sidecar.
    Workload(WorkloadRef),
    /// A host that no Service or ServiceEntry provides.
    Host(String),
}

/// What leads from one node to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// A VirtualService sends traffic of a gateway, or of a host, to a service.
    Routes(Route),
    /// Endpoints of a service are the pods of a workload.
    Serves {
        /// Ports of the service and of the workload.
        ports: BTreeMap<u16, u16>,
    },
    /// A workload is named as client of a service.
    Calls {
        /// The AuthorizationPolicy or Sidecar that names it.
        object: ObjectRef,
    },
}

/// One way that a VirtualService opens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The VirtualService.
    pub object: ObjectRef,
    /// Position of the rule among those of its protocol.
    pub rule: usize,
    /// Host that clients ask for.
    pub host: String,
    /// What requests must have, in words; empty for all of them.
    pub condition: String,
    /// Subset that gets them.
    pub subset: Option<String>,
    /// Port of the destination, if stated and the service has several.
    pub port: Option<u16>,
    /// Share in per cent; `None` where everything goes there.
    pub share: Option<u32>,
    /// Whether only copies of the requests go there.
    pub mirror: bool,
}

/// How clients with a sidecar reach a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encryption {
    /// By mutual TLS of the mesh.
    MutualTls,
    /// By mutual TLS where the endpoint has a proxy, by plaintext where it has none.
    Mixed,
    /// As the client sends it.
    Plain,
}

/// The graph. Nodes and edges are in the order of their values.
#[derive(Debug, Clone, Default)]
pub struct ServiceGraph {
    graph: DiGraph<Node, Relation>,
    positions: BTreeMap<Node, NodeIndex>,
    encryption: BTreeMap<ServiceRef, Encryption>,
    external: BTreeMap<ServiceRef, bool>,
}

/// An edge with its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge<'a> {
    /// Where it starts.
    pub from: &'a Node,
    /// Where it leads.
    pub to: &'a Node,
    /// What it says.
    pub relation: &'a Relation,
}

impl ServiceGraph {
    /// All nodes, sorted.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.positions.keys()
    }

    /// All edges, sorted.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge<'_>> {
        self.nodes().flat_map(|node| self.from(node)).collect()
    }

    /// What leads away from a node, sorted.
    #[must_use]
    pub fn from(&self, node: &Node) -> Vec<Edge<'_>> {
        self.around(node, Direction::Outgoing)
    }

    /// What leads to a node, sorted.
    #[must_use]
    pub fn to(&self, node: &Node) -> Vec<Edge<'_>> {
        self.around(node, Direction::Incoming)
    }

    /// How clients reach a service.
    #[must_use]
    pub fn encryption(&self, service: &ServiceRef) -> Option<Encryption> {
        self.encryption.get(service).copied()
    }

    /// Whether a service is outside of the mesh.
    #[must_use]
    pub fn is_external(&self, service: &ServiceRef) -> bool {
        self.external.get(service).copied().unwrap_or(false)
    }

    fn around(&self, node: &Node, direction: Direction) -> Vec<Edge<'_>> {
        let Some(position) = self.positions.get(node) else { return Vec::new() };
        let ends = |edge: petgraph::graph::EdgeReference<'_, Relation>| (edge.source(), edge.target());
        let mut edges: Vec<Edge<'_>> = self
            .graph
            .edges_directed(*position, direction)
            .filter_map(|edge| {
                let (from, to) = ends(edge);
                let relation = self.graph.edge_weight(edge.id())?;
                Some(Edge { from: self.graph.node_weight(from)?, to: self.graph.node_weight(to)?, relation })
            })
            .collect();
        edges.sort();
        edges
    }

    fn position(&mut self, node: Node) -> NodeIndex {
        if let Some(position) = self.positions.get(&node) {
            return *position;
        }
        let position = self.graph.add_node(node.clone());
        self.positions.insert(node, position);
        position
    }

    fn connect(&mut self, from: Node, to: Node, relation: Relation) {
        let (from, to) = (self.position(from), self.position(to));
        let known = self.graph.edges_connecting(from, to).any(|edge| *edge.weight() == relation);
        if !known {
            self.graph.add_edge(from, to, relation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, deployment, destination_rule, istio, resolve, service, virtual_service};

    /// A gateway, a frontend that is allowed to call a backend with two versions, and an external host.
    fn shop() -> Fixture {
        let gateway =
            deployment("edge", "gate").replace("labels: {app", "labels: {istio: ingressgateway, app");
        let servers = "servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example]}]";
        let front = "{match: [{uri: {prefix: /}}], route: [{destination: {host: front}}]}";
        let back = "{match: [{headers: {beta: {exact: yes}}}], route: [{destination: {host: back, subset: v2}}]}, \
                    {route: [{destination: {host: back, subset: v1}, weight: 90}, {destination: {host: other}, weight: 10}]}";
        let back = back.replace("exact: yes", "exact: 'yes'");
        let client = "{from: [{source: {principals: [cluster.local/ns/shop/sa/front]}}]}";
        let yaml = [
            gateway,
            istio(
                "networking",
                "Gateway",
                "edge",
                "public",
                &format!("{{selector: {{istio: ingressgateway}}, {servers}}}"),
            ),
            deployment("shop", "front"),
            service("shop", "front", "{name: http, port: 80}"),
            deployment("shop", "back"),
            service("shop", "back", "{name: http, port: 80}"),
            deployment("shop", "other"),
            service("shop", "other", "{name: http, port: 80}"),
            virtual_service(
                "shop",
                "front",
                &format!("{{hosts: [shop.example], gateways: [edge/public], http: [{front}]}}"),
            ),
            virtual_service("shop", "back", &format!("{{hosts: [back], http: [{back}]}}")),
            destination_rule(
                "shop",
                "back",
                "{host: back, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}",
            ),
            istio(
                "security",
                "AuthorizationPolicy",
                "shop",
                "back",
                &format!("{{selector: {{matchLabels: {{app: back}}}}, rules: [{client}]}}"),
            ),
            istio(
                "networking",
                "ServiceEntry",
                "shop",
                "bank",
                "{hosts: [bank.example], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}",
            ),
        ];
        resolve(&yaml.concat())
    }

    #[test]
    fn the_tree_leads_from_the_gateway_to_what_workloads_may_call() {
        let fixture = shop();
        assert_eq!(fixture.texts(), Vec::<String>::new());
        let expected = "\
gateway edge/gate
└─ shop.example /* → front.shop  [mTLS]
   └─ back  v2 if beta: yes · 90% v1  [mTLS]
      └─ 10% → other  [mTLS]
shop  (no caller is named)
└─ bank.example  [external]
";
        assert_eq!(tree(&fixture.mesh.graph), expected);
    }

    #[test]
    fn pictures_have_every_node_and_every_pair_of_nodes_once() {
        let graph = shop().mesh.graph;
        let pairs: std::collections::BTreeSet<_> =
            graph.edges().iter().map(|edge| (edge.from, edge.to)).collect();
        let drawn = dot(&graph);
        assert_eq!(drawn.matches(" -> ").count(), pairs.len());
        assert_eq!(drawn.matches("shape=").count(), graph.nodes().count());
        assert!(drawn.contains("[label=\"bank.example\\nexternal\", shape=hexagon]"), "{drawn}");
        let chart = mermaid(&graph);
        assert!(chart.starts_with("flowchart LR\n  accTitle: "), "{chart}");
        assert!(chart.contains("-->|\"v2 if beta: yes · 90% v1\"|"), "{chart}");
        assert!(chart.contains("{{\"bank.example<br/>external\"}}"), "{chart}");
    }

    #[test]
    fn json_names_the_rule_behind_every_route() {
        let graph = shop().mesh.graph;
        let value: serde_json::Value = serde_json::from_str(&json(&graph)).unwrap();
        let edges = value["edges"].as_array().unwrap();
        assert_eq!(edges.len(), graph.edges().len());
        let split = edges.iter().find(|edge| edge["share"] == 10).unwrap();
        assert_eq!(split["object"], "VirtualService shop/back");
        assert_eq!((&split["rule"], &split["kind"]), (&1.into(), &"routes".into()));
        assert_eq!(split["to"], "service shop/other.shop.svc.cluster.local");
    }

    #[test]
    fn circles_end() {
        let rule = |host: &str| {
            format!(
                "{{hosts: [{host}], http: [{{route: [{{destination: {{host: {}}}}}]}}]}}",
                if host == "a" { "b" } else { "a" }
            )
        };
        let yaml = [
            service("x", "a", "{name: http, port: 80}"),
            service("x", "b", "{name: http, port: 80}"),
            virtual_service("x", "a", &rule("a")),
            virtual_service("x", "b", &rule("b")),
        ];
        let expected = "x  (no caller is named)\n└─ a\n   └─ all → b\n      └─ all → a\n";
        assert_eq!(tree(&resolve(&yaml.concat()).mesh.graph), expected);
    }
}
