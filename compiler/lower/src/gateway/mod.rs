//! Gateways: which servers a gateway workload runs, its listeners and its route tables (translation-spec §5).

mod auto_passthrough;
mod ciphers;
mod collapse;
mod http3;
mod listener;
mod merge;
mod overlap;
mod passthrough;
mod port_translation;
pub(crate) mod referenced;
mod reserved;
mod routes;
mod servers;
mod tcp;
mod tls;

use std::sync::Arc;

use meshc_diagnostics::Diagnostics;
use meshc_plan::{Listener, RouteTable};

use crate::context::ProxyContext;
use crate::security;

pub(crate) use tls::downstream_tls;

/// Listeners of a gateway, sorted by name.
pub(crate) fn listeners(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Vec<Arc<Listener>> {
    let merged = merge::merged_servers(cx, diags);
    let security = security::filters(cx, diags);
    listener::listeners(cx, &merged, &security, diags)
}

/// Route tables of a gateway, sorted by name.
pub(crate) fn route_tables(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Vec<Arc<RouteTable>> {
    // Conflicts between servers are reported with the listeners.
    let merged = merge::merged_servers(cx, &mut Diagnostics::new());
    routes::route_tables(cx, &merged, diags)
}
