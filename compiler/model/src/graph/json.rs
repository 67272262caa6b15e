//! The graph as JSON: `{"nodes": […], "edges": […]}`, for programs.

use serde_json::{Map, Value, json};

use super::{Edge, Encryption, Node, Relation, ServiceGraph};

/// The graph as JSON with sorted keys, indented by two, with a final line feed.
#[must_use]
pub fn json(graph: &ServiceGraph) -> String {
    let nodes: Vec<Value> = graph.nodes().map(|node| node_value(graph, node)).collect();
    let edges: Vec<Value> = graph.edges().into_iter().map(edge_value).collect();
    let document = json!({ "nodes": nodes, "edges": edges });
    format!("{document:#}\n")
}

/// Text by which an edge names a node.
fn id(node: &Node) -> String {
    match node {
        Node::Gateway(workload) => format!("gateway {workload}"),
        Node::Workload(workload) => format!("workload {workload}"),
        Node::Service(service) => format!("service {}/{}", service.namespace, service.host),
        Node::Host(host) => format!("host {host}"),
    }
}

fn node_value(graph: &ServiceGraph, node: &Node) -> Value {
    match node {
        Node::Gateway(workload) => {
            json!({"id": id(node), "kind": "gateway", "namespace": workload.namespace, "name": workload.name})
        }
        Node::Workload(workload) => {
            json!({"id": id(node), "kind": "workload", "namespace": workload.namespace, "name": workload.name})
        }
        Node::Service(service) => {
            let mut value = json!({
                "id": id(node), "kind": "service", "namespace": service.namespace, "host": service.host,
                "external": graph.is_external(service),
            });
            if let Some(encryption) = graph.encryption(service) {
                value["encryption"] = match encryption {
                    Encryption::MutualTls => "mtls",
                    Encryption::Mixed => "mixed",
                    Encryption::Plain => "plain",
                }
                .into();
            }
            value
        }
        Node::Host(host) => json!({"id": id(node), "kind": "host", "host": host}),
    }
}

fn edge_value(edge: Edge<'_>) -> Value {
    let mut fields = Map::new();
    fields.insert("from".to_owned(), id(edge.from).into());
    fields.insert("to".to_owned(), id(edge.to).into());
    let mut add = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    match edge.relation {
        Relation::Routes(route) => {
            add("kind", if route.mirror { "mirrors" } else { "routes" }.into());
            add("object", route.object.to_string().into());
            add("rule", route.rule.into());
            add("host", route.host.clone().into());
            add("condition", route.condition.clone().into());
            if let Some(subset) = &route.subset {
                add("subset", subset.clone().into());
            }
            if let Some(port) = route.port {
                add("port", port.into());
            }
            if let Some(share) = route.share {
                add("share", share.into());
            }
        }
        Relation::Serves { ports } => {
            add("kind", "serves".into());
            let ports: Map<String, Value> =
                ports.iter().map(|(port, target)| (port.to_string(), (*target).into())).collect();
            add("ports", ports.into());
        }
        Relation::Calls { object } => {
            add("kind", "calls".into());
            add("object", object.to_string().into());
        }
    }
    Value::Object(fields)
}
