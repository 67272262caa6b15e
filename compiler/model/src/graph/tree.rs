//! The graph as indented text: from gateways and clients down to what they reach.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, Node, Relation, ServiceGraph, label};

/// The graph as a tree. What several callers reach is spelt out once.
#[must_use]
pub fn tree(graph: &ServiceGraph) -> String {
    let mut printer = Printer { graph, text: String::new(), seen: BTreeSet::new() };
    let is_root = |node: &&Node| match node {
        Node::Gateway(_) => true,
        Node::Workload(_) => graph.to(node).is_empty() && !graph.from(node).is_empty(),
        Node::Service(_) | Node::Host(_) => false,
    };
    for root in graph.nodes().filter(is_root) {
        printer.root(root);
    }
    printer.rest();
    printer.text
}

/// One line and what is below it.
struct Line<'a> {
    text: String,
    /// Service whose callees come below.
    below: Option<&'a Node>,
    namespace: &'a str,
}

struct Printer<'a> {
    graph: &'a ServiceGraph,
    text: String,
    /// Nodes whose callees are already there.
    seen: BTreeSet<&'a Node>,
}

impl<'a> Printer<'a> {
    fn root(&mut self, node: &'a Node) {
        let kind = if matches!(node, Node::Gateway(_)) { "gateway" } else { "workload" };
        self.text.push_str(&format!("{kind} {}/{}\n", label::namespace(node), label::name(node)));
        let lines = self.exposed(node).into_iter().chain(self.called(&[node], "")).collect();
        self.lines(lines, "");
    }

    /// Hosts that a gateway exposes.
    fn exposed(&self, gateway: &Node) -> Vec<Line<'a>> {
        let mut hosts: BTreeMap<(&str, &Node), Vec<&'a Relation>> = BTreeMap::new();
        for edge in self.graph.from(gateway) {
            if let Relation::Routes(route) = edge.relation {
                hosts.entry((&route.host, edge.to)).or_default().push(edge.relation);
            }
        }
        let line = |((host, to), relations): ((&str, &'a Node), Vec<&Relation>)| {
            let routes = label::routes(&relations);
            let routes = if routes.is_empty() { String::new() } else { format!(" {routes}") };
            Line {
                text: format!("{host}{routes} → {}", self.service(to, "", &[])),
                below: Some(to),
                namespace: label::namespace(to),
            }
        };
        hosts.into_iter().map(line).collect()
    }

    /// Services that workloads are known to call.
    fn called(&self, workloads: &[&'a Node], namespace: &str) -> Vec<Line<'a>> {
        let mut services: BTreeSet<&'a Node> = BTreeSet::new();
        for workload in workloads {
            let calls = self
                .graph
                .from(workload)
                .into_iter()
                .filter(|edge| matches!(edge.relation, Relation::Calls { .. }));
            services.extend(calls.map(|edge| edge.to));
        }
        services.into_iter().map(|service| self.line(service, namespace)).collect()
    }

    fn line(&self, service: &'a Node, namespace: &str) -> Line<'a> {
        let own: Vec<Edge<'a>> = self.graph.from(service);
        let to_itself: Vec<&Relation> =
            own.iter().filter(|edge| edge.to == service).map(|edge| edge.relation).collect();
        Line {
            text: self.service(service, namespace, &to_itself),
            below: Some(service),
            namespace: label::namespace(service),
        }
    }

    /// A service with what its rules do, or the workloads behind it.
    fn service(&self, node: &Node, namespace: &str, rules: &[&Relation]) -> String {
        let mut text = label::name(node);
        let own = label::namespace(node);
        if own != namespace && !own.is_empty() {
            text = format!("{text}.{own}");
        }
        let routes = label::routes(rules);
        let detail = if routes.is_empty() {
            let behind: Vec<String> = self.behind(node).into_iter().map(label::name).collect();
            if behind == [label::name(node)] { String::new() } else { behind.join(", ") }
        } else {
            routes
        };
        if !detail.is_empty() {
            text = format!("{text}  {detail}");
        }
        if let Some(word) = label::encryption(self.graph, node) {
            text = format!("{text}  [{word}]");
        }
        if matches!(node, Node::Host(_)) && self.graph.from(node).is_empty() {
            text = format!("{text}  [nobody provides it]");
        }
        text
    }

    /// Workloads behind a service.
    fn behind(&self, service: &Node) -> Vec<&'a Node> {
        let serves = |edge: &Edge<'_>| matches!(edge.relation, Relation::Serves { .. });
        self.graph.from(service).into_iter().filter(serves).map(|edge| edge.to).collect()
    }

    /// What comes below a service: other services that its rules send to, and what its workloads call.
    fn below(&self, service: &'a Node, namespace: &str) -> Vec<Line<'a>> {
        let edges: Vec<Edge<'a>> =
            self.graph.from(service).into_iter().filter(|edge| edge.to != service).collect();
        let mut lines = Vec::new();
        for ((_, to), relations) in label::grouped(&edges) {
            if relations.iter().any(|relation| matches!(relation, Relation::Routes(_))) {
                let routes = label::routes(&relations);
                let routes = if routes.is_empty() { "all".to_owned() } else { routes };
                let text = format!("{routes} → {}", self.service(to, namespace, &[]));
                lines.push(Line { text, below: Some(to), namespace: label::namespace(to) });
            }
        }
        lines.extend(self.called(&self.behind(service), namespace));
        lines
    }

    fn lines(&mut self, lines: Vec<Line<'a>>, indent: &str) {
        let last = lines.len().saturating_sub(1);
        for (index, line) in lines.into_iter().enumerate() {
            let (branch, space) = if index == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let below = line.below.map_or_else(Vec::new, |node| {
                if self.seen.insert(node) { self.below(node, line.namespace) } else { Vec::new() }
            });
            self.text.push_str(&format!("{indent}{branch}{}\n", line.text));
            self.lines(below, &format!("{indent}{space}"));
        }
    }

    /// What nothing above leads to, by namespace.
    fn rest(&mut self) {
        let mut namespaces: BTreeMap<&str, Vec<&'a Node>> = BTreeMap::new();
        for node in self.tops() {
            namespaces.entry(label::namespace(node)).or_default().push(node);
        }
        for (namespace, nodes) in namespaces {
            let title = if namespace.is_empty() {
                "hosts that no Service or ServiceEntry provides"
            } else {
                namespace
            };
            let note = if namespace.is_empty() { "" } else { "  (no caller is named)" };
            self.text.push_str(&format!("{title}{note}\n"));
            let lines = nodes.into_iter().map(|node| match node {
                Node::Workload(_) => {
                    Line { text: format!("{} (workload)", label::name(node)), below: None, namespace }
                }
                _ => self.line(node, namespace),
            });
            let lines = lines.collect();
            self.lines(lines, "");
        }
    }

    /// Nodes from which all others can be reached that are not there yet: those that nothing leads to, then one of each
    /// circle.
    fn tops(&self) -> Vec<&'a Node> {
        let is_rest = |node: &&Node| match node {
            Node::Service(_) | Node::Host(_) => true,
            Node::Workload(_) => self.graph.to(node).is_empty() && self.graph.from(node).is_empty(),
            Node::Gateway(_) => false,
        };
        // A Service in front of a gateway is the gateway.
        let fronts_gateway =
            |node: &Node| self.behind(node).iter().any(|behind| matches!(behind, Node::Gateway(_)));
        let rest: Vec<&'a Node> = self
            .graph
            .nodes()
            .filter(is_rest)
            .filter(|node| !self.seen.contains(node) && !fronts_gateway(node))
            .collect();
        let is_led_to = |node: &&Node| self.graph.to(node).iter().any(|edge| edge.from != *node);
        let (later, first): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_led_to);
        let mut reached = self.seen.clone();
        let mut tops = Vec::new();
        for node in first.into_iter().chain(later) {
            if reached.insert(node) {
                tops.push(node);
                self.reach(node, &mut reached);
            }
        }
        tops
    }

    /// Adds everything that is printed below a node.
    fn reach(&self, node: &'a Node, reached: &mut BTreeSet<&'a Node>) {
        for below in self.below(node, "").into_iter().filter_map(|line| line.below) {
            if reached.insert(below) {
                self.reach(below, reached);
            }
        }
    }
}
