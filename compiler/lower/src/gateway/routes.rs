//! Route tables of a gateway (translation-spec §5.7).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::Resource;
use meshc_api::istio::VirtualService;
use meshc_diagnostics::{Diagnostics, Origin};
use meshc_model::host_subset_of;
use meshc_plan::{Route, RouteTable, RouteTableName, StatefulSession, TlsRequirement, VirtualHost};

use super::collapse::collapse;
use super::http3;
use super::merge::MergedServers;
use super::servers::GatewayServer;
use crate::context::ProxyContext;
use crate::http::domains::bracketed;
use crate::http::{
    MAX_DIRECT_RESPONSE, RouteContext, attempt_count, destination, distinct, routes, stateful_session,
    takes_everything,
};

/// The table of every name that a server has, sorted by name.
pub(super) fn route_tables(
    cx: &ProxyContext<'_>,
    merged: &MergedServers,
    diags: &mut Diagnostics,
) -> Vec<Arc<RouteTable>> {
    let mut by_table: BTreeMap<RouteTableName, Vec<&GatewayServer>> = BTreeMap::new();
    for server in merged.groups.iter().flat_map(|group| &group.servers) {
        if let Some(table) = server.route_table() {
            by_table.entry(table).or_default().push(server);
        }
    }
    by_table.into_iter().map(|(name, servers)| Arc::new(table(cx, name, &servers, diags))).collect()
}

/// A host of a table with the sets of routes that it has, in order.
pub(super) struct HostRoutes {
    /// Host as requests state it.
    pub(super) host: String,
    /// Port of the first server that has it.
    pub(super) port: u16,
    /// Indices of sets of routes.
    pub(super) sets: Vec<usize>,
    pub(super) tls: TlsRequirement,
    /// Persistent sessions.
    pub(super) session: Option<StatefulSession>,
    pub(super) origin: Origin,
}

fn table(
    cx: &ProxyContext<'_>,
    name: RouteTableName,
    servers: &[&GatewayServer],
    diags: &mut Diagnostics,
) -> RouteTable {
    let mut builder = Builder { cx, sets: Vec::new(), by_rule: BTreeMap::new(), hosts: BTreeMap::new() };
    for server in servers {
        builder.add(server, diags);
    }
    let Builder { sets, hosts, .. } = builder;
    let hosts = collapse(cx, hosts.into_values().collect());
    let mut virtual_hosts: Vec<VirtualHost> =
        hosts.into_iter().map(|(host, others)| virtual_host(cx, &sets, host, others)).collect();
    virtual_hosts.sort_by(|a, b| a.name.cmp(&b.name));
    if virtual_hosts.is_empty() {
        virtual_hosts.extend(servers.first().map(|server| black_hole(server)));
    }
    let origin = servers.first().map(|server| server.gateway.origin(&server.path()));
    RouteTable {
        name,
        virtual_hosts: distinct(virtual_hosts, diags),
        ignore_port: true,
        max_direct_response_bytes: Some(MAX_DIRECT_RESPONSE),
        origin: origin
            .unwrap_or(Origin::Default { rule: "Istio routes the HTTP servers of a port by one table" }),
    }
}

/// Nothing is routed: every request is answered with 404.
fn black_hole(server: &GatewayServer) -> VirtualHost {
    VirtualHost {
        name: format!("blackhole:{}", server.port),
        domains: vec!["*".to_owned()],
        routes: Vec::new(),
        tls: TlsRequirement::None,
        attempt_count: false,
        session: None,
        origin: server.gateway.origin(&server.path()),
    }
}

/// Routes that take every request move to the end, so that those of other VirtualServices are reached.
fn virtual_host(
    cx: &ProxyContext<'_>,
    sets: &[Vec<Route>],
    host: HostRoutes,
    others: Vec<String>,
) -> VirtualHost {
    let all = host.sets.iter().filter_map(|index| sets.get(*index)).flatten();
    let (last, first): (Vec<&Route>, Vec<&Route>) = all.partition(|route| takes_everything(&route.matches));
    VirtualHost {
        name: format!("{}:{}", bracketed(&host.host), host.port),
        domains: std::iter::once(host.host).chain(others).collect(),
        routes: first.into_iter().chain(last).cloned().collect(),
        tls: host.tls,
        attempt_count: attempt_count(cx),
        session: host.session,
        origin: host.origin,
    }
}

struct Builder<'a> {
    cx: &'a ProxyContext<'a>,
    sets: Vec<Vec<Route>>,
    /// Set of routes by Gateway and VirtualService: as in istiod, the first server of a Gateway decides about its port.
    by_rule: BTreeMap<(String, String, String), Option<usize>>,
    hosts: BTreeMap<String, HostRoutes>,
}

impl Builder<'_> {
    fn add(&mut self, server: &GatewayServer, diags: &mut Diagnostics) {
        let gateway = server.gateway_name();
        for vs in self.cx.mesh.gateway_virtual_services(self.cx.workload, &gateway) {
            let hosts = intersection(&server.hosts_for(vs.namespace()), &vs.spec.hosts);
            if hosts.is_empty() {
                continue;
            }
            let Some(set) = self.set(server, &gateway, &vs, diags) else { continue };
            let session = self.session(&hosts);
            for host in hosts {
                let host = host.to_ascii_lowercase();
                let entry = self.hosts.entry(host.clone()).or_insert_with(|| HostRoutes {
                    host,
                    port: server.port,
                    sets: Vec::new(),
                    tls: TlsRequirement::None,
                    session: session.clone(),
                    origin: vs.origin("spec.hosts"),
                });
                entry.sets.push(set);
                if server.redirects_to_https() {
                    entry.tls = TlsRequirement::All;
                }
            }
        }
        if server.redirects_to_https() {
            self.redirect_all(server);
        }
    }

    /// Sessions of the hosts of a VirtualService: as in istiod, those of the last one that is a service hold for all of them.
    fn session(&self, hosts: &[&str]) -> Option<StatefulSession> {
        let service = hosts.iter().rev().find_map(|host| self.cx.scope.service(host))?;
        stateful_session(&self.cx.mesh.features, service)
    }

    /// Hosts that redirect to HTTPS are there even without routes.
    fn redirect_all(&mut self, server: &GatewayServer) {
        for host in &server.hosts {
            let entry = self.hosts.entry(host.clone()).or_insert_with(|| HostRoutes {
                host: host.clone(),
                port: server.port,
                sets: Vec::new(),
                tls: TlsRequirement::All,
                session: None,
                origin: server.gateway.origin(&server.path()),
            });
            entry.tls = TlsRequirement::All;
        }
    }

    fn set(
        &mut self,
        server: &GatewayServer,
        gateway: &str,
        vs: &Resource<VirtualService>,
        diags: &mut Diagnostics,
    ) -> Option<usize> {
        let key = (gateway.to_owned(), vs.namespace().to_owned(), vs.name().to_owned());
        if let Some(known) = self.by_rule.get(&key) {
            return *known;
        }
        let only_port = |host: &str| destination::only_port(self.cx.scope.service(host)?);
        let cx = self.cx;
        let session = |host: &str| stateful_session(&cx.mesh.features, cx.scope.service(host)?);
        let rx = RouteContext {
            cx,
            virtual_service: vs,
            gateway,
            port: server.port,
            tls: server.tls().is_some(),
            http3: http3::is_offered(self.cx, server),
            only_port: &only_port,
            session: &session,
        };
        let routes = routes(&rx, diags);
        if routes.is_empty() {
            return None;
        }
        self.sets.push(routes);
        let set = self.sets.len() - 1;
        self.by_rule.insert(key, Some(set));
        Some(set)
    }
}

/// Hosts that both have: of each pair the narrower one.
fn intersection<'a>(server: &[&'a str], rules: &'a [String]) -> Vec<&'a str> {
    let mut hosts: Vec<&str> = Vec::new();
    for served in server {
        for ruled in rules {
            let narrower = if host_subset_of(served, ruled) {
                served
            } else if host_subset_of(ruled, served) {
                ruled.as_str()
            } else {
                continue;
            };
            if !hosts.contains(&narrower) {
                hosts.push(narrower);
            }
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrower_host_of_each_pair_counts() {
        let rules = ["*.example.com", "a.other.org", "x.org"].map(str::to_owned);
        assert_eq!(
            intersection(&["www.example.com", "*.org"], &rules),
            ["www.example.com", "a.other.org", "x.org"]
        );
        assert_eq!(intersection(&["*"], &rules), ["*.example.com", "a.other.org", "x.org"]);
        assert!(intersection(&["example.com"], &rules).is_empty());
    }
}
