//! The pitfalls of a translation of Istio's API, numbered as in the specification that this compiler follows (section 12): one
//! test or more for each, named after its number.
//!
//! Not here, since what they are about is not translated yet: P-20 (order of the rules of a Gateway API HTTPRoute), P-21
//! (Telemetry objects; what default providers do is in `telemetry.rs`), P-22 (EnvoyFilter). P-25 is about what is emitted and
//! not about the plan; `every_supported_envoy_loads_one_of_everything` of `meshc-emit` holds it against real Envoys. P-26 is
//! about older proxies than those that are configured here: `--oldest-envoy` gates what not every supported Envoy knows.

mod clusters;
mod listeners;
mod process;
mod routes;
mod scope;
mod security;
mod telemetry;

use std::sync::Arc;

use meshc_diagnostics::{Code, Diagnostics};
use meshc_plan::{
    HttpConnection, Listener, ListenerName, NetworkFilter, Plan, ProxyPlan, Route, RouteAction, RouteForward,
    RouteTable, RouteTableName, Upstream, UpstreamName, VirtualHost,
};

use crate::support::{self, INGRESS};

/// A compiled tree.
pub(super) struct Compiled {
    pub(super) plan: Plan,
    findings: Diagnostics,
}

/// Compiles objects with a client in the namespace `shop`.
pub(super) fn compile(parts: &[String]) -> Compiled {
    compile_with("", parts)
}

/// As [`compile`], with a MeshConfig.
pub(super) fn compile_with(mesh: &str, parts: &[String]) -> Compiled {
    let tree = workload("shop", "client", "") + &parts.concat();
    let (plan, findings) = support::lower_with_findings(&[("tree.yaml", &tree)], mesh);
    Compiled { plan, findings }
}

/// A Deployment whose pods have the label `app` and what is stated, such as `annotations: {…}`.
pub(super) fn workload(namespace: &str, name: &str, meta: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}, {meta}}}\n    spec: {{containers: [{{name: app, image: app, ports: [{{containerPort: 8080}}]}}]}}\n"
    )
}

/// The ingress gateway in the namespace `edge`, with its Service.
pub(super) fn ingress() -> String {
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: ingress, namespace: edge}\nspec: {clusterIP: 10.0.0.200, selector: {istio: ingress}, ports: [{name: http, port: 80, targetPort: 8080}]}\n";
    format!("{INGRESS}{service}")
}

/// A Service with an address and ports, selecting the label `app` of its name.
pub(super) fn service(namespace: &str, name: &str, address: u8, ports: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{clusterIP: 10.0.0.{address}, selector: {{app: {name}}}, ports: [{ports}]}}\n"
    )
}

/// An object of Istio's networking or security API.
pub(super) fn object(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    let group = match kind {
        "AuthorizationPolicy" | "PeerAuthentication" | "RequestAuthentication" => "security",
        _ => "networking",
    };
    format!(
        "---\napiVersion: {group}.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

/// A gateway with one server.
pub(super) fn gateway(server: &str) -> String {
    object("Gateway", "edge", "main", &format!("{{selector: {{istio: ingress}}, servers: [{server}]}}"))
}

/// A workload and its Service `web` in `shop`, with HTTP on port 80.
pub(super) fn web() -> String {
    workload("shop", "web", "") + &service("shop", "web", 1, "{name: http, port: 80, targetPort: 8080}")
}

impl Compiled {
    /// The proxy of a workload.
    pub(super) fn proxy(&self, name: &str) -> &ProxyPlan {
        let mut proxies = self.plan.proxies.iter();
        proxies.find(|(workload, _)| workload.name == name).expect("a proxy").1
    }

    /// The upstream of a port of a host, for the client.
    pub(super) fn upstream(&self, port: u16, subset: Option<&str>, host: &str) -> &Upstream {
        let found = self.find_upstream("client", port, subset, host);
        found.unwrap_or_else(|| panic!("no upstream {port} {subset:?} {host}"))
    }

    pub(super) fn find_upstream(
        &self,
        proxy: &str,
        port: u16,
        subset: Option<&str>,
        host: &str,
    ) -> Option<&Upstream> {
        let subset = subset.map(str::to_owned);
        let wanted = UpstreamName::Outbound { port, subset, host: host.to_owned() };
        self.proxy(proxy).upstreams.iter().find(|upstream| upstream.name == wanted).map(Arc::as_ref)
    }

    /// The route table of a port, for the client.
    pub(super) fn table(&self, port: u16) -> &RouteTable {
        self.table_of("client", &RouteTableName::Port(port))
    }

    pub(super) fn table_of(&self, proxy: &str, name: &RouteTableName) -> &RouteTable {
        let tables = &self.proxy(proxy).route_tables;
        tables.iter().find(|table| table.name == *name).unwrap_or_else(|| panic!("no {name:?} in {tables:?}"))
    }

    /// Names of the listeners of a proxy but those of captured traffic.
    pub(super) fn listeners(&self, proxy: &str) -> Vec<String> {
        let listeners = self.proxy(proxy).listeners.iter();
        let mut names: Vec<String> = listeners
            .filter_map(|listener| match &listener.name {
                ListenerName::Address { address, port } => Some(format!("{address}:{port}")),
                _ => None,
            })
            .collect();
        names.sort();
        names
    }

    pub(super) fn listener(&self, proxy: &str, name: &ListenerName) -> &Listener {
        let listeners = &self.proxy(proxy).listeners;
        listeners.iter().find(|listener| listener.name == *name).expect("the listener")
    }

    /// Whether something was found.
    pub(super) fn says(&self, code: &Code) -> bool {
        self.findings.iter().any(|finding| finding.code.number == code.number)
    }
}

/// The virtual host of a name.
pub(super) fn host<'t>(table: &'t RouteTable, name: &str) -> &'t VirtualHost {
    let found = table.virtual_hosts.iter().find(|host| host.name == name);
    found.unwrap_or_else(|| {
        panic!("no {name} in {:?}", table.virtual_hosts.iter().map(|host| &host.name).collect::<Vec<_>>())
    })
}

/// What a route forwards.
pub(super) fn forward(route: &Route) -> &RouteForward {
    match &route.action {
        RouteAction::Forward(forward) => forward,
        other => panic!("{other:?}"),
    }
}

/// Host names that the routes of a virtual host forward to.
pub(super) fn targets(host: &VirtualHost) -> Vec<&str> {
    let upstreams = host.routes.iter().flat_map(|route| &forward(route).upstreams);
    upstreams
        .map(|weighted| match &weighted.upstream {
            UpstreamName::Outbound { host, .. } => host.as_str(),
            UpstreamName::UnknownService => "unknown",
            other => panic!("{other:?}"),
        })
        .collect()
}

/// HTTP connections of a listener.
pub(super) fn connections(listener: &Listener) -> Vec<&HttpConnection> {
    let chains = listener.chains.iter().chain(&listener.default_chain);
    let filters = chains.flat_map(|chain| &chain.filters);
    filters
        .filter_map(|filter| match filter {
            NetworkFilter::Http(connection) => Some(&**connection),
            _ => None,
        })
        .collect()
}
