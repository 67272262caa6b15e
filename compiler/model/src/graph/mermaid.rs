//! The graph as a Mermaid flowchart, for comments and pages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Node, Relation, ServiceGraph, label};

/// A flowchart with a subgraph for each namespace and a title for screen readers.
#[must_use]
pub fn mermaid(graph: &ServiceGraph) -> String {
    let ids: BTreeMap<&Node, String> =
        graph.nodes().enumerate().map(|(index, node)| (node, format!("n{index}"))).collect();
    let mut text = "flowchart LR\n  accTitle: Service mesh\n  accDescr: What is configured and permitted, not what was observed\n".to_owned();
    let mut namespaces: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in graph.nodes() {
        namespaces.entry(label::namespace(node)).or_default().push(node);
    }
    for (index, (namespace, nodes)) in namespaces.iter().enumerate() {
        let indent = if namespace.is_empty() { "  " } else { "    " };
        if !namespace.is_empty() {
            let _ = writeln!(text, "  subgraph s{index}[{}]", quoted(namespace));
        }
        for node in nodes {
            let id = ids.get(node).map_or("", String::as_str);
            let _ = writeln!(text, "{indent}{id}{}", shape(graph, node));
        }
        if !namespace.is_empty() {
            text.push_str("  end\n");
        }
    }
    let edges = graph.edges();
    for ((from, to), relations) in label::grouped(&edges) {
        let (Some(from), Some(to)) = (ids.get(from), ids.get(to)) else { continue };
        let _ = writeln!(text, "  {from} {} {to}", arrow(&relations));
    }
    text
}

fn shape(graph: &ServiceGraph, node: &Node) -> String {
    let name = label::name(node);
    let text = match label::encryption(graph, node) {
        Some(word) => quoted(&format!("{name}<br/>{word}")),
        None => quoted(&name),
    };
    match node {
        Node::Gateway(_) => format!("[/{text}\\]"),
        Node::Workload(_) => format!("[{text}]"),
        Node::Service(service) if graph.is_external(service) => format!("{{{{{text}}}}}"),
        Node::Service(_) => format!("([{text}])"),
        Node::Host(_) => format!(">{text}]"),
    }
}

/// A dotted arrow for what only policies say and for copies.
fn arrow(relations: &[&Relation]) -> String {
    let routes = label::routes(relations);
    let mirror = relations.iter().all(|relation| matches!(relation, Relation::Routes(route) if route.mirror));
    match relations.first() {
        _ if !routes.is_empty() && mirror => format!("-.->|{}|", quoted(&routes)),
        _ if !routes.is_empty() => format!("-->|{}|", quoted(&routes)),
        Some(Relation::Calls { .. }) => "-.->".to_owned(),
        Some(Relation::Serves { .. }) => "---".to_owned(),
        Some(Relation::Routes(_)) | None => "-->".to_owned(),
    }
}

/// Text in quotes; Mermaid has entities for what would end them.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('&', "#amp;").replace('"', "#quot;"))
}
