//! The listener that captured outbound traffic arrives at, and that of HTTP proxy clients (translation-spec §2.7, §2.11).

use std::net::IpAddr;
use std::sync::Arc;

use meshc_diagnostics::Origin;
use meshc_model::{Interception, OutboundPolicy, Protocol};
use meshc_plan::{
    Bind, BindAddress, Capture, ChainMatch, Direction, FilterChain, HttpFilter, Listener, ListenerName,
    ListenerTransport, NetworkFilter, RouteSource, RouteTableName, UpstreamName,
};

use super::bind::{dual_stack, loopback, other_wildcard, wildcard};
use super::chain::{chain, plaintext_http};
use super::inspectors::inspectors;
use super::outbound::max_accepts;
use super::passthrough::{black_hole_filters, passthrough_filters};
use crate::context::ProxyContext;
use crate::http::{ConnectionClass, dynamic_dns_table, http_connection, insert_before_router};
use crate::telemetry;

const RULE: &str = "Istio adds virtualOutbound to every sidecar that captures traffic";
const PROXY_RULE: &str = "the mesh configuration (`proxyHttpPort`) asks for an HTTP proxy in every sidecar";

/// The port that captured outbound traffic is redirected to; `None` if there is none.
pub(crate) fn outbound_port(cx: &ProxyContext<'_>) -> Option<u16> {
    u16::try_from(cx.mesh.config.proxy_listen_port).ok().filter(|port| *port != 0)
}

/// `virtualOutbound`; none where nothing is captured.
pub(super) fn virtual_outbound(cx: &ProxyContext<'_>) -> Option<Listener> {
    let port = outbound_port(cx)?;
    let transparent = match cx.workload.interception {
        Interception::None => return None,
        Interception::Redirect => false,
        Interception::Tproxy => true,
    };
    let black_hole = ChainMatch { destination_port: Some(port), ..ChainMatch::default() };
    let mut chains = vec![named(cx, "virtualOutbound-blackhole", black_hole, black_hole_filters(cx))];
    if cx.scope.outbound_policy == OutboundPolicy::AllowAnyDynamicDns {
        let http = ChainMatch { application_protocols: plaintext_http(cx), ..ChainMatch::default() };
        chains.push(named(cx, "virtualOutbound-catchall-tcp-http", http, dynamic_dns_filters(cx)));
    }
    chains.push(named(cx, "virtualOutbound-catchall-tcp", ChainMatch::default(), passthrough_filters(cx)));
    Some(Listener {
        name: ListenerName::VirtualOutbound,
        bind: bind(wildcard(cx), port),
        additional: additional(cx, port),
        transport: ListenerTransport::Tcp,
        capture: Capture::Redirecting { transparent },
        direction: Direction::Outbound,
        filters: inspectors(chains.iter()),
        filters_timeout: None,
        continue_on_filters_timeout: false,
        exact_balance: cx.workload.metadata_flag("OUTBOUND_LISTENER_EXACT_BALANCE"),
        max_accepts_per_event: max_accepts(cx),
        buffer_limit: None,
        chains,
        default_chain: None,
        access_logs: telemetry::listener_logs(cx),
        origin: Origin::Default { rule: RULE },
    })
}

/// Where captured connections arrive beside the wildcard address. Applications that dial IPv4 from pods that have IPv6 alone are heard
/// where a flag asks for it.
fn additional(cx: &ProxyContext<'_>, port: u16) -> Vec<Bind> {
    let asked = cx.mesh.features.enable_ipv4_outbound_listener_for_ipv6_clusters;
    match asked && cx.workload.is_ipv6() && !cx.workload.both_families {
        true => vec![bind(other_wildcard(cx), port)],
        false => dual_stack(cx, port),
    }
}

fn bind(address: IpAddr, port: u16) -> Bind {
    Bind { address: BindAddress::Ip(address), port }
}

fn named(cx: &ProxyContext<'_>, name: &str, matches: ChainMatch, filters: Vec<NetworkFilter>) -> FilterChain {
    let unnamed = chain(cx, matches, filters, None, Origin::Default { rule: RULE });
    FilterChain { name: Some(name.to_owned()), handshake_timeout: None, ..unnamed }
}

/// Requests to unknown hosts go where the name that they state resolves to.
fn dynamic_dns_filters(cx: &ProxyContext<'_>) -> Vec<NetworkFilter> {
    let mut connection = http_connection(
        cx,
        ConnectionClass::Outbound,
        "outbound_virtualOutbound_allow_any_dynamic_dns;".to_owned(),
        RouteSource::Inline(Arc::new(dynamic_dns_table(cx))),
        Protocol::Http,
        Vec::new(),
    );
    add_dynamic_dns(cx, &mut connection.filters);
    vec![NetworkFilter::Http(Box::new(connection))]
}

/// Under ALLOW_ANY_DYNAMIC_DNS every outbound HTTP connection may meet a host that has to be resolved.
pub(super) fn add_dynamic_dns(cx: &ProxyContext<'_>, filters: &mut Vec<HttpFilter>) {
    if cx.scope.outbound_policy == OutboundPolicy::AllowAnyDynamicDns {
        let cache = UpstreamName::AllowAnyDynamicDns;
        insert_before_router(filters, HttpFilter::DynamicForwardProxy { cache });
    }
}

/// The HTTP proxy of a sidecar, on the port that the mesh or the proxy's metadata states.
pub(super) fn http_proxy(cx: &ProxyContext<'_>) -> Option<Listener> {
    let stated = cx.workload.metadata.get("HTTP_PROXY_PORT").and_then(|text| text.parse::<u16>().ok());
    let mesh = u16::try_from(cx.mesh.config.proxy_http_port).ok();
    let port = stated.or(mesh).filter(|port| *port != 0)?;
    let address = loopback(cx);
    let mut connection = http_connection(
        cx,
        ConnectionClass::Outbound,
        format!("outbound_{address}_{port};"),
        RouteSource::Named(RouteTableName::HttpProxy),
        Protocol::HttpProxy,
        Vec::new(),
    );
    connection.allow_absolute_url = true;
    add_dynamic_dns(cx, &mut connection.filters);
    let filters = vec![NetworkFilter::Http(Box::new(connection))];
    let origin = Origin::Default { rule: PROXY_RULE };
    let chains = vec![chain(cx, ChainMatch::default(), filters, None, origin.clone())];
    Some(Listener {
        name: ListenerName::Address { address, port },
        bind: bind(address, port),
        additional: Vec::new(),
        transport: ListenerTransport::Tcp,
        capture: Capture::Bound,
        direction: Direction::Outbound,
        filters: inspectors(chains.iter()),
        filters_timeout: Some(std::time::Duration::ZERO),
        continue_on_filters_timeout: true,
        exact_balance: cx.workload.metadata_flag("OUTBOUND_LISTENER_EXACT_BALANCE"),
        max_accepts_per_event: max_accepts(cx),
        buffer_limit: None,
        chains,
        default_chain: None,
        access_logs: Vec::new(),
        origin,
    })
}
