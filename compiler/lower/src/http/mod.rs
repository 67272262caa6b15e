//! HTTP: connections with their filters, route tables of sidecars, and the translation of VirtualServices into routes that
//! gateways use too.

mod catch_all;
mod claims;
mod connection;
mod connection_limits;
mod cors;
mod default_route;
pub(crate) mod destination;
mod direct_response;
mod distinct;
pub(crate) mod domains;
mod fault;
mod filters;
mod forward;
mod hash_policy;
mod headers;
mod matching;
mod mirror;
mod operation;
mod percent;
mod proxy_headers;
mod redirect;
mod retry;
mod rewrite;
mod stateful_session;
mod table;
mod timeout;
mod virtual_host;
mod virtual_service;
mod wildcard;

use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_diagnostics::Diagnostics;
use meshc_plan::{FilterChain, Listener, NetworkFilter, RouteSource, RouteTable, RouteTableName};

use crate::context::ProxyContext;

pub(crate) use catch_all::{allowed_upstream, dynamic_dns_table};
pub(crate) use connection::{ConnectionClass, http_connection};
pub(crate) use connection_limits::{idle_timeout, listener_buffer_limit};
pub(crate) use distinct::distinct;
pub(crate) use filters::insert_before_router;
pub(crate) use forward::weight;
pub(crate) use hash_policy::hashes_source_ip;
pub(crate) use matching::{has_labels, in_namespace};
pub(crate) use proxy_headers::attempt_count;
pub(crate) use stateful_session::{reaches_draining, stateful_session};
pub(crate) use table::MAX_DIRECT_RESPONSE;
pub(crate) use virtual_service::{RouteContext, routes, takes_everything};

/// The route tables that the outbound listeners of a sidecar name, sorted by name.
pub(crate) fn route_tables(
    cx: &ProxyContext<'_>,
    listeners: &[Arc<Listener>],
    diags: &mut Diagnostics,
) -> Vec<Arc<RouteTable>> {
    table_names(listeners).into_iter().map(|name| Arc::new(table::table(cx, name, diags))).collect()
}

/// Names of the tables that HTTP connections of listeners refer to.
pub(crate) fn table_names(listeners: &[Arc<Listener>]) -> BTreeSet<&RouteTableName> {
    let chains = listeners.iter().flat_map(|listener| listener.chains.iter().chain(&listener.default_chain));
    chains.flat_map(named_table).collect()
}

fn named_table(chain: &FilterChain) -> impl Iterator<Item = &RouteTableName> {
    chain.filters.iter().filter_map(|filter| match filter {
        NetworkFilter::Http(connection) => match &connection.routes {
            RouteSource::Named(name) => Some(name),
            RouteSource::Inline(_) => None,
        },
        _ => None,
    })
}
