//! The network filters of a chain.

use meshc_plan::{FilterChain, NetworkFilter, ProxyPlan, TcpProxy, UpstreamName};

use crate::authorization;
use crate::call::{Call, CallProtocol};
use crate::http;
use crate::tls::Transport;
use crate::trace::{Inspected, Step};
use crate::verdict::{Destination, Failure, Verdict};

/// What filters know of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection<'c> {
    /// The call.
    pub(crate) call: &'c Call,
    /// How it is secured.
    pub(crate) transport: Transport,
    /// What inspectors read.
    pub(crate) inspected: &'c Inspected,
}

/// Runs the filters up to the one that takes the connection.
pub(crate) fn walk<'p>(
    proxy: &'p ProxyPlan,
    chain: &'p FilterChain,
    transport: Transport,
    inspected: &Inspected,
    call: &Call,
    steps: &mut Vec<Step<'p>>,
) -> Verdict<'p> {
    let connection = Connection { call, transport, inspected };
    for filter in &chain.filters {
        match filter {
            NetworkFilter::Authorization(filter) => {
                let decision = authorization::decide(filter, connection, None, call.source, None);
                steps.push(Step::Policy(decision));
                if !decision.allowed {
                    return Verdict::Denied { filter, rule: decision.rule, http: false };
                }
            }
            NetworkFilter::Http(_)
                if call.protocol == CallProtocol::Tcp || transport == Transport::Opaque =>
            {
                return Verdict::Failed(Failure::ProtocolError);
            }
            NetworkFilter::Http(http) => return http::walk(proxy, http, connection, steps),
            NetworkFilter::Tcp(tcp) => return Verdict::Tcp(tcp_destinations(proxy, tcp)),
            NetworkFilter::RedisProxy { upstream, stat_prefix: _ } => {
                return Verdict::Tcp(destinations(proxy, [(upstream, None)].into_iter()));
            }
            NetworkFilter::MetadataExchange
            | NetworkFilter::Stats(_)
            | NetworkFilter::SniDynamicForwardProxy { .. }
            | NetworkFilter::MongoProxy { .. }
            | NetworkFilter::MysqlProxy { .. } => {}
        }
    }
    Verdict::Failed(Failure::NoTerminalFilter)
}

fn tcp_destinations<'p>(proxy: &'p ProxyPlan, tcp: &'p TcpProxy) -> Vec<Destination<'p>> {
    destinations(proxy, tcp.upstreams.iter().map(|(name, weight)| (name, *weight)))
}

/// Upstreams with their shares; one without a weight gets everything.
pub(crate) fn destinations<'p>(
    proxy: &'p ProxyPlan,
    weighted: impl Iterator<Item = (&'p UpstreamName, Option<u32>)> + Clone,
) -> Vec<Destination<'p>> {
    let weight = |weight: Option<u32>| f64::from(weight.unwrap_or(1));
    let total: f64 = weighted.clone().map(|(_, stated)| weight(stated)).sum();
    weighted
        .map(|(name, stated)| Destination {
            name,
            upstream: proxy.upstreams.iter().map(AsRef::as_ref).find(|upstream| upstream.name == *name),
            share: if total > 0.0 { weight(stated) / total } else { 0.0 },
        })
        .collect()
}
