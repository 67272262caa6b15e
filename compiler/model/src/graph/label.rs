//! Nodes and edges in a few words, for pictures.

use std::collections::BTreeMap;

use super::{Edge, Encryption, Node, Relation, Route, ServiceGraph};

/// Name of a node: a service of the cluster without the part of its host that says so.
pub(super) fn name(node: &Node) -> String {
    match node {
        Node::Gateway(workload) | Node::Workload(workload) => workload.name.clone(),
        Node::Service(service) => {
            let end = format!(".{}.svc.", service.namespace);
            service.host.split_once(&end).map_or_else(|| service.host.clone(), |(name, _)| name.to_owned())
        }
        Node::Host(host) => host.clone(),
    }
}

/// Namespace of a node; empty for a host that nobody provides.
pub(super) fn namespace(node: &Node) -> &str {
    match node {
        Node::Gateway(workload) | Node::Workload(workload) => &workload.namespace,
        Node::Service(service) => &service.namespace,
        Node::Host(_) => "",
    }
}

/// How clients reach a node, in a word.
pub(super) fn encryption(graph: &ServiceGraph, node: &Node) -> Option<&'static str> {
    let Node::Service(service) = node else { return None };
    if graph.is_external(service) {
        return Some("external");
    }
    graph.encryption(service).map(|encryption| match encryption {
        Encryption::MutualTls => "mTLS",
        Encryption::Mixed => "mTLS in part",
        Encryption::Plain => "plain",
    })
}

/// Edges between the same two nodes, in the order in which rules apply.
pub(super) fn grouped<'a>(edges: &[Edge<'a>]) -> BTreeMap<(&'a Node, &'a Node), Vec<&'a Relation>> {
    let mut groups: BTreeMap<(&Node, &Node), Vec<&Relation>> = BTreeMap::new();
    for edge in edges {
        groups.entry((edge.from, edge.to)).or_default().push(edge.relation);
    }
    groups
}

/// What rules do with requests: `v2 if end-user: jason · 90% v1 · 10% v3`. Empty where everything goes to the service
/// as it is.
pub(super) fn routes(relations: &[&Relation]) -> String {
    let routes: Vec<&Route> = relations
        .iter()
        .filter_map(|relation| match relation {
            Relation::Routes(route) => Some(route),
            Relation::Serves { .. } | Relation::Calls { .. } => None,
        })
        .collect();
    let mut words: Vec<String> = Vec::new();
    for route in routes {
        let word = one_route(route);
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(" · ")
}

fn one_route(route: &Route) -> String {
    let mut words: Vec<String> = Vec::new();
    if route.mirror {
        words.push("copies".to_owned());
    }
    words.extend(route.share.map(|share| format!("{share}%")));
    words.extend(route.subset.clone());
    words.extend(
        route.port.filter(|_| route.subset.is_none() && route.share.is_none()).map(|port| format!(":{port}")),
    );
    if !route.condition.is_empty() {
        words.push(if words.is_empty() {
            route.condition.clone()
        } else {
            format!("if {}", route.condition)
        });
    }
    words.join(" ")
}
