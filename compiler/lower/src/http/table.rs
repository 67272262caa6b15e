//! The route tables of a sidecar (translation-spec §2.8).

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostics, Origin};
use meshc_model::{EgressScope, Protocol, Service, ServicePort, is_wildcard};
use meshc_plan::{BindAddress, RouteTable, RouteTableName, VirtualHost};

use super::catch_all::catch_all;
use super::distinct::distinct;
use super::virtual_host::virtual_hosts;
use crate::context::ProxyContext;
use crate::listener::bind::address;

/// Longest body of a direct response, as Istio sets it: 1 MiB.
pub(crate) const MAX_DIRECT_RESPONSE: u32 = 1024 * 1024;

/// What a table is made from.
pub(super) struct TableScope<'a> {
    pub(super) egress: &'a EgressScope,
    /// Port of the services that are routed to; 0 for all ports.
    pub(super) port: u16,
    /// Services with the ports that count, by host. Of several services of one host, the last one counts, but for those of the
    /// networks of a ServiceEntry that has addresses, too: istiod takes any one of them, another one from push to push.
    pub(super) services: BTreeMap<&'a str, PortView<'a>>,
    /// Hosts of these services that are wildcards.
    pub(super) wildcards: Vec<&'a str>,
    /// The host that a table of its own is for.
    pub(super) only_host: Option<&'a str>,
}

/// A service with some of its ports.
#[derive(Clone)]
pub(super) struct PortView<'a> {
    pub(super) service: &'a Service,
    pub(super) ports: Vec<&'a ServicePort>,
}

/// A route table of a sidecar.
pub(super) fn table(cx: &ProxyContext<'_>, name: &RouteTableName, diags: &mut Diagnostics) -> RouteTable {
    let virtual_hosts = match scope(cx, name) {
        Some(scope) => hosts(cx, &scope, diags),
        None => Vec::new(),
    };
    RouteTable {
        name: name.clone(),
        virtual_hosts: distinct(virtual_hosts, diags),
        ignore_port: true,
        max_direct_response_bytes: Some(MAX_DIRECT_RESPONSE),
        origin: Origin::Default { rule: "Istio routes the HTTP services of a port by one table" },
    }
}

fn hosts(cx: &ProxyContext<'_>, scope: &TableScope<'_>, diags: &mut Diagnostics) -> Vec<VirtualHost> {
    let mut hosts = virtual_hosts(cx, scope, diags);
    let Some(only) = scope.only_host else {
        hosts.sort_by(|a, b| a.name.cmp(&b.name));
        hosts.push(catch_all(cx));
        return hosts;
    };
    // The listener has the address of the service, so the host does not matter.
    hosts.retain(|host| host.domains.iter().any(|domain| domain == only));
    if let [single] = hosts.as_mut_slice() {
        single.domains = vec!["*".to_owned()];
    }
    hosts
}

fn scope<'a>(cx: &'a ProxyContext<'_>, name: &'a RouteTableName) -> Option<TableScope<'a>> {
    let (port, bind, only_host) = match name {
        RouteTableName::Port(port) => (*port, None, None),
        RouteTableName::HostPort { host, port } => (*port, None, Some(host.as_str())),
        RouteTableName::HttpProxy => (0, None, None),
        RouteTableName::Unix(path) => (0, Some(path.as_str()), None),
        _ => return None,
    };
    let egress = cx.scope.egress.iter().find(|egress| takes(egress, port, bind))?;
    let port = if serves_all_ports(egress) { 0 } else { port };
    let services = services(egress, port, only_host);
    let wildcards = services.keys().copied().filter(|host| is_wildcard(host)).collect();
    Some(TableScope { egress, port, services, wildcards, only_host })
}

/// Whether routes of a port, or of a Unix domain socket, come from this egress listener. One without a port takes all.
fn takes(egress: &EgressScope, port: u16, bind: Option<&str>) -> bool {
    let Some(listener) = &egress.listener else { return true };
    let Some(stated) = &listener.port else { return true };
    let number = stated.number.unwrap_or(0);
    match bind {
        Some(path) => listener.bind.as_deref().is_some_and(|bind| is_socket(bind, path)),
        None => number != 0 && number == u32::from(port),
    }
}

/// Whether a listener is bound to the Unix domain socket at a path.
fn is_socket(bind: &str, path: &str) -> bool {
    matches!(address(bind), BindAddress::Unix(stated) if stated == path)
}

fn serves_all_ports(egress: &EgressScope) -> bool {
    let port = egress.listener.as_ref().and_then(|listener| listener.port.as_ref());
    let protocol = port.and_then(|port| port.protocol.as_deref());
    protocol.is_some_and(|protocol| Protocol::parse(protocol) == Protocol::HttpProxy)
}

fn services<'a>(
    egress: &'a EgressScope,
    port: u16,
    only_host: Option<&str>,
) -> BTreeMap<&'a str, PortView<'a>> {
    let mut services = BTreeMap::new();
    for service in &egress.services {
        if only_host.is_some_and(|host| host != service.host()) {
            continue;
        }
        let ports: Vec<&ServicePort> = match port {
            0 => service.ports.iter().collect(),
            port => service.port(port).into_iter().collect(),
        };
        let same_entry = |taken: &PortView<'_>| taken.service.object == service.object;
        let named = services.get(service.host()).is_some_and(same_entry);
        let nameless = named && is_network(service);
        if !ports.is_empty() && !nameless {
            services.insert(service.host(), PortView { service, ports });
        }
    }
    services
}

/// Whether a service stands for a block of addresses, which no request can name.
fn is_network(service: &Service) -> bool {
    matches!(service.addresses.as_slice(), [block] if block.contains('/'))
}
