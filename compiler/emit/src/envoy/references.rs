//! What refers to an upstream. An upstream of a service that nothing refers to takes no traffic, and only costs: memory in every
//! proxy, a DNS query every few seconds, and room where the configuration is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_plan::{
    AccessLog, FilterChain, HttpConnection, HttpFilter, Jwks, JwtAuthentication, Listener, NetworkFilter,
    ProxyPlan, ProxyRole, Route, RouteAction, RouteSource, RouteTable, TcpProxy, Upstream, UpstreamName,
};

/// Which upstreams are in use, for each list of them that proxies have.
///
/// A list that several sidecars or several gateways of a namespace have counts as one: what any of them refers to is in use for
/// all, so that they still have the same. Upstreams that stand for no service, such as those of the application, are always
/// in use.
#[derive(Debug, Default)]
pub struct UsedUpstreams<'p> {
    lists: BTreeMap<ServiceList<'p>, References<'p>>,
}

/// The upstreams of services that some proxies have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ServiceList<'p> {
    namespace: &'p str,
    role: ProxyRole,
    /// Nodes of the plan are told apart by their addresses.
    upstreams: Vec<usize>,
}

impl<'p> ServiceList<'p> {
    /// That of a proxy.
    pub(super) fn of(proxy: &'p ProxyPlan) -> Self {
        let (services, _) = of_services(&proxy.upstreams);
        Self {
            namespace: &proxy.workload.namespace,
            role: proxy.role,
            upstreams: services.iter().map(|upstream| Arc::as_ptr(upstream).addr()).collect(),
        }
    }
}

#[derive(Debug, Default)]
struct References<'p> {
    names: BTreeSet<&'p UpstreamName>,
    /// Addresses of listeners and tables that are looked through.
    seen: BTreeSet<usize>,
}

impl<'p> References<'p> {
    fn add(&mut self, proxy: &'p ProxyPlan) {
        let Self { names, seen } = self;
        for listener in proxy.listeners.iter().filter(|listener| seen.insert(Arc::as_ptr(listener).addr())) {
            of_listener(listener, names);
        }
        for table in proxy.route_tables.iter().filter(|table| seen.insert(Arc::as_ptr(table).addr())) {
            of_table(table, names);
        }
    }
}

/// What the listeners and route tables of one proxy refer to.
pub(crate) fn named_by(proxy: &ProxyPlan) -> BTreeSet<&UpstreamName> {
    let mut references = References::default();
    references.add(proxy);
    references.names
}

impl<'p> UsedUpstreams<'p> {
    /// What the listeners and route tables of these proxies refer to.
    #[must_use]
    pub fn of(proxies: impl IntoIterator<Item = &'p ProxyPlan>) -> Self {
        let mut used = Self::default();
        for proxy in proxies {
            used.lists.entry(ServiceList::of(proxy)).or_default().add(proxy);
        }
        used
    }

    /// The upstreams of a list that are in use; `None` for a list that no proxy has.
    pub(super) fn of_list(&self, list: &ServiceList<'p>) -> Option<&BTreeSet<&'p UpstreamName>> {
        self.lists.get(list).map(|references| &references.names)
    }
}

/// Upstreams of services, which come first, and the rest.
pub(super) fn of_services(upstreams: &[Arc<Upstream>]) -> (&[Arc<Upstream>], &[Arc<Upstream>]) {
    let end = upstreams.iter().position(|upstream| !matches!(upstream.name, UpstreamName::Outbound { .. }));
    upstreams.split_at(end.unwrap_or(upstreams.len()))
}

fn of_listener<'p>(listener: &'p Listener, names: &mut BTreeSet<&'p UpstreamName>) {
    of_logs(&listener.access_logs, names);
    let chains = listener.chains.iter().chain(&listener.default_chain);
    for filter in chains.flat_map(|chain: &FilterChain| &chain.filters) {
        match filter {
            NetworkFilter::MetadataExchange | NetworkFilter::Authorization(_) | NetworkFilter::Stats(_) => {}
            NetworkFilter::SniDynamicForwardProxy { cache: upstream, port: _ }
            | NetworkFilter::MongoProxy { upstream, stat_prefix: _ }
            | NetworkFilter::MysqlProxy { upstream, stat_prefix: _ }
            | NetworkFilter::RedisProxy { upstream, stat_prefix: _ } => {
                names.insert(upstream);
            }
            NetworkFilter::Tcp(TcpProxy { upstreams, access_logs, .. }) => {
                names.extend(upstreams.iter().map(|(upstream, _)| upstream));
                of_logs(access_logs, names);
            }
            NetworkFilter::Http(connection) => of_connection(connection, names),
        }
    }
}

fn of_logs<'p>(logs: &'p [AccessLog], names: &mut BTreeSet<&'p UpstreamName>) {
    names.extend(logs.iter().filter_map(|log| log.sink.upstream()));
}

fn of_connection<'p>(connection: &'p HttpConnection, names: &mut BTreeSet<&'p UpstreamName>) {
    of_logs(&connection.access_logs, names);
    let provider = connection.tracing.as_ref().and_then(|tracing| tracing.provider.as_ref());
    names.extend(provider.into_iter().flat_map(|provider| provider.upstreams()));
    match &connection.routes {
        RouteSource::Named(_) => {}
        RouteSource::Inline(table) => of_table(table, names),
    }
    for filter in &connection.filters {
        match filter {
            HttpFilter::DynamicForwardProxy { cache } => {
                names.insert(cache);
            }
            HttpFilter::JwtAuthentication(JwtAuthentication { providers, .. }) => {
                names.extend(providers.iter().filter_map(|provider| match &provider.jwks {
                    Jwks::Remote { upstream, uri: _, timeout: _ } => Some(upstream),
                    Jwks::Inline(_) | Jwks::Unavailable => None,
                }));
            }
            HttpFilter::MetadataExchange { .. }
            | HttpFilter::Authorization(_)
            | HttpFilter::GrpcWeb
            | HttpFilter::GrpcStats
            | HttpFilter::IstioAlpn
            | HttpFilter::Fault
            | HttpFilter::Cors
            | HttpFilter::Stats(_)
            | HttpFilter::StatefulSession
            | HttpFilter::Router { .. } => {}
        }
    }
}

fn of_table<'p>(table: &'p RouteTable, names: &mut BTreeSet<&'p UpstreamName>) {
    for route in table.virtual_hosts.iter().flat_map(|host| &host.routes) {
        let Route { action, .. } = route;
        match action {
            RouteAction::Forward(forward) => {
                names.extend(forward.upstreams.iter().map(|weighted| &weighted.upstream));
                names.extend(forward.mirrors.iter().map(|mirror| &mirror.upstream));
            }
            RouteAction::Redirect(_) | RouteAction::DirectResponse(_) | RouteAction::None => {}
        }
    }
}
