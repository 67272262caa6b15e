//! Virtual hosts of a sidecar's route table (translation-spec §2.8.3–§2.8.5).

use std::collections::{BTreeMap, BTreeSet};

use meshc_api::Resource;
use meshc_api::istio::VirtualService;
use meshc_diagnostics::{Diagnostics, Origin};
use meshc_model::{Resolution, host_matches, is_wildcard};
use meshc_plan::{Route, StatefulSession, TlsRequirement, VirtualHost};

use super::default_route::default_route;
use super::domains::{Domains, bracketed, host_domains, service_domains};
use super::proxy_headers::attempt_count;
use super::stateful_session::stateful_session;
use super::table::{PortView, TableScope};
use super::virtual_service::{RouteContext, RouteSemantics, routes};
use super::wildcard::owns;
use crate::context::ProxyContext;

/// The port on which hosts that no service has are routed.
const PLAIN_HTTP: u16 = 80;

/// Hosts and services that share routes on one port.
struct Group<'a> {
    port: u16,
    hosts: Vec<&'a str>,
    services: Vec<&'a PortView<'a>>,
    routes: Vec<Route>,
    origin: Origin,
}

/// All virtual hosts, in the order in which domains are given away: those of VirtualServices first, then services that
/// none of them routes. A domain stands in the first virtual host that wants it.
pub(super) fn virtual_hosts(
    cx: &ProxyContext<'_>,
    scope: &TableScope<'_>,
    diags: &mut Diagnostics,
) -> Vec<VirtualHost> {
    let mut groups = Vec::new();
    for virtual_service in scope.egress.virtual_services.iter().filter(|vs| concerns(vs, scope)) {
        groups.extend(virtual_service_groups(cx, scope, virtual_service, diags));
    }
    let routed: BTreeSet<&str> =
        groups.iter().flat_map(|group| group.services.iter().map(|view| view.service.host())).collect();
    let others = scope.services.values().filter(|view| !routed.contains(view.service.host()));
    groups.extend(others.flat_map(|view| service_groups(cx, view)));
    if scope.port != 0 {
        groups.retain(|group| group.port == scope.port);
    }
    build(cx, scope, groups)
}

/// Only port 80 routes hosts that no service has.
fn concerns(virtual_service: &Resource<VirtualService>, scope: &TableScope<'_>) -> bool {
    if scope.port == PLAIN_HTTP && scope.only_host.is_none() {
        return true;
    }
    virtual_service.spec.hosts.iter().any(|host| {
        if is_wildcard(host) {
            return scope.services.keys().any(|known| host_matches(host, known));
        }
        scope.services.contains_key(host.as_str())
            || scope.wildcards.iter().any(|known| host_matches(host, known))
    })
}

fn virtual_service_groups<'a>(
    cx: &ProxyContext<'_>,
    scope: &'a TableScope<'_>,
    virtual_service: &'a Resource<VirtualService>,
    diags: &mut Diagnostics,
) -> Vec<Group<'a>> {
    let only_port = |host: &str| match scope.services.get(host)?.ports.as_slice() {
        [port] => Some(port.number),
        _ => None,
    };
    let session = |host: &str| stateful_session(&cx.mesh.features, scope.services.get(host)?.service);
    let rx = RouteContext {
        cx,
        virtual_service,
        gateway: "mesh",
        port: scope.port,
        tls: false,
        http3: false,
        only_port: &only_port,
        session: &session,
    };
    let routes = routes(&rx, diags);
    if routes.is_empty() {
        return Vec::new();
    }
    let (hosts, mut services) = split_hosts(scope, virtual_service);
    if rx.semantics() == RouteSemantics::Gateway {
        // Routes of other namespaces count only for services of those namespaces.
        let own = cx.workload.namespace() == virtual_service.namespace();
        services.retain(|view| own || view.service.namespace() == virtual_service.namespace());
        if hosts.is_empty() && services.is_empty() {
            return Vec::new();
        }
    }
    let mut by_port: BTreeMap<u16, Vec<&PortView<'_>>> = BTreeMap::new();
    for view in services {
        for port in view.ports.iter().filter(|port| is_routed(port.protocol)) {
            by_port.entry(port.number).or_default().push(view);
        }
    }
    if by_port.is_empty() && scope.port == PLAIN_HTTP {
        by_port.insert(PLAIN_HTTP, Vec::new());
    }
    let origin = virtual_service.origin("spec.hosts");
    let group = |(port, services)| Group {
        port,
        hosts: hosts.clone(),
        services,
        routes: routes.clone(),
        origin: origin.clone(),
    };
    by_port.into_iter().map(group).collect()
}

/// Hosts that are services here, and those that are not. A wildcard stands for the services of which this VirtualService is
/// the most specific one, and for itself if it covers no service at all.
fn split_hosts<'a>(
    scope: &'a TableScope<'_>,
    virtual_service: &'a Resource<VirtualService>,
) -> (Vec<&'a str>, Vec<&'a PortView<'a>>) {
    let mut hosts = Vec::new();
    let mut services = Vec::new();
    let (wildcards, names): (Vec<&str>, Vec<&str>) =
        virtual_service.spec.hosts.iter().map(String::as_str).partition(|host| is_wildcard(host));
    for host in names {
        match scope.services.get(host) {
            Some(view) => services.push(view),
            None => hosts.push(host),
        }
    }
    for host in wildcards {
        if RouteSemantics::of(virtual_service) == RouteSemantics::Gateway {
            hosts.push(host);
            continue;
        }
        let mut covers = scope.services.iter().filter(|(known, _)| host_matches(host, known)).peekable();
        if covers.peek().is_none() {
            hosts.push(host);
        }
        services.extend(
            covers
                .filter(|(known, _)| owns(&scope.egress.virtual_services, virtual_service, known))
                .map(|(_, view)| view),
        );
    }
    (hosts, services)
}

/// Services that no VirtualService routes; other names of other hosts have no virtual host of their own.
fn service_groups<'a>(cx: &ProxyContext<'_>, view: &'a PortView<'a>) -> Vec<Group<'a>> {
    if view.service.resolution == Resolution::Alias {
        return Vec::new();
    }
    let ports = view.ports.iter().filter(|port| is_routed(port.protocol));
    let group = |port: &&meshc_model::ServicePort| Group {
        port: port.number,
        hosts: Vec::new(),
        services: vec![view],
        routes: vec![default_route(cx, view.service, port)],
        origin: view.service.origin.clone(),
    };
    ports.map(group).collect()
}

fn is_routed(protocol: meshc_model::Protocol) -> bool {
    protocol.is_http() || protocol.is_auto()
}

fn build(cx: &ProxyContext<'_>, scope: &TableScope<'_>, groups: Vec<Group<'_>>) -> Vec<VirtualHost> {
    let known: BTreeSet<String> = groups
        .iter()
        .flat_map(|group| group.services.iter().map(|view| (view.service.host(), group.port)))
        .flat_map(|(host, port)| [host.to_owned(), format!("{}:{port}", bracketed(host))])
        .collect();
    let mut builder = Builder {
        all_ports: scope.port == 0,
        attempt_count: attempt_count(cx),
        known,
        names: BTreeSet::new(),
        domains: BTreeSet::new(),
        hosts: Vec::new(),
    };
    for group in &groups {
        let port = builder.all_ports.then_some(group.port);
        for host in &group.hosts {
            builder.add(group, host, host_domains(host, port), None);
        }
        for view in &group.services {
            let session = stateful_session(&cx.mesh.features, view.service);
            builder.add(group, view.service.host(), service_domains(cx, view.service, port), session);
        }
    }
    builder.hosts
}

struct Builder {
    all_ports: bool,
    attempt_count: bool,
    /// Names of services, which alternates of others must not take.
    known: BTreeSet<String>,
    names: BTreeSet<String>,
    domains: BTreeSet<String>,
    hosts: Vec<VirtualHost>,
}

impl Builder {
    fn add(&mut self, group: &Group<'_>, host: &str, domains: Domains, session: Option<StatefulSession>) {
        let name = format!("{}:{}", bracketed(host), group.port);
        if !self.names.insert(name.clone()) {
            return;
        }
        let mut domains = self.claim(domains);
        if self.all_ports && group.port != PLAIN_HTTP {
            domains.retain(|domain| domain.contains(':'));
        }
        if domains.is_empty() {
            return;
        }
        self.hosts.push(VirtualHost {
            name,
            domains,
            routes: group.routes.clone(),
            tls: TlsRequirement::None,
            attempt_count: self.attempt_count,
            session,
            origin: group.origin.clone(),
        });
    }

    /// The domains that nobody has yet. Envoy refuses a table in which a domain stands twice.
    fn claim(&mut self, domains: Domains) -> Vec<String> {
        let Domains { all, alternates } = domains;
        let free = |domain: &String| {
            let taken_by_name = alternates.contains(domain) && self.known.contains(domain);
            !taken_by_name && self.domains.insert(domain.to_ascii_lowercase())
        };
        all.into_iter().filter(free).collect()
    }
}
