//! The graph for Graphviz.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Node, Relation, ServiceGraph, label};

/// The graph in the DOT language, a cluster for each namespace.
#[must_use]
pub fn dot(graph: &ServiceGraph) -> String {
    let ids: BTreeMap<&Node, String> =
        graph.nodes().enumerate().map(|(index, node)| (node, format!("n{index}"))).collect();
    let mut text = "digraph mesh {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n".to_owned();
    let mut namespaces: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in graph.nodes() {
        namespaces.entry(label::namespace(node)).or_default().push(node);
    }
    for (index, (namespace, nodes)) in namespaces.iter().enumerate() {
        let indent = if namespace.is_empty() { "  " } else { "    " };
        if !namespace.is_empty() {
            let _ = writeln!(text, "  subgraph cluster_{index} {{\n    label={};", quoted(namespace));
        }
        for node in nodes {
            let id = ids.get(node).map_or("", String::as_str);
            let _ = writeln!(
                text,
                "{indent}{id} [label={}, shape={}];",
                quoted(&node_label(graph, node)),
                shape(graph, node)
            );
        }
        if !namespace.is_empty() {
            text.push_str("  }\n");
        }
    }
    let edges = graph.edges();
    for ((from, to), relations) in label::grouped(&edges) {
        let (Some(from), Some(to)) = (ids.get(from), ids.get(to)) else { continue };
        let _ = writeln!(text, "  {from} -> {to} [{}];", style(&relations));
    }
    text.push_str("}\n");
    text
}

fn node_label(graph: &ServiceGraph, node: &Node) -> String {
    match label::encryption(graph, node) {
        Some(word) => format!("{}\n{word}", label::name(node)),
        None => label::name(node),
    }
}

fn shape(graph: &ServiceGraph, node: &Node) -> &'static str {
    match node {
        Node::Gateway(_) => "house",
        Node::Workload(_) => "box",
        Node::Service(service) if graph.is_external(service) => "hexagon",
        Node::Service(_) => "ellipse",
        Node::Host(_) => "plaintext",
    }
}

/// Dashed for what only policies say, dotted for copies.
fn style(relations: &[&Relation]) -> String {
    let routes = label::routes(relations);
    if !routes.is_empty() {
        let mirror =
            relations.iter().all(|relation| matches!(relation, Relation::Routes(route) if route.mirror));
        let style = if mirror { ", style=dotted" } else { "" };
        return format!("label={}{style}", quoted(&routes));
    }
    match relations.first() {
        Some(Relation::Calls { .. }) => "style=dashed".to_owned(),
        Some(Relation::Serves { ports }) => format!("label={}, arrowhead=none", quoted(&port_list(ports))),
        Some(Relation::Routes(_)) | None => "label=\"\"".to_owned(),
    }
}

fn port_list(ports: &BTreeMap<u16, u16>) -> String {
    ports.keys().map(u16::to_string).collect::<Vec<_>>().join(" ")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
