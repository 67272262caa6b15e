//! The chains of an outbound port: TCP, HTTP, or both where the protocol has to be sniffed.

use meshc_model::Protocol;
use meshc_plan::{
    BindAddress, ChainMatch, FilterChain, HttpFilter, NetworkFilter, RouteSource, RouteTableName,
};

use super::chain::{chain, sniffed_http};
use super::request::Request;
use super::tcp::tcp_like_chains;
use super::virtual_outbound::add_dynamic_dns;
use crate::context::ProxyContext;
use crate::http::{ConnectionClass, http_connection, insert_before_router};

/// The chains of a port. A port without a stated protocol has chains for TCP and for HTTP, unless HTTP is there already.
pub(super) fn chains(cx: &ProxyContext<'_>, request: &Request<'_>, with_http: bool) -> Vec<FilterChain> {
    let protocol = request.port.protocol;
    if protocol.is_http() {
        return vec![http_chain(cx, request)];
    }
    let mut chains = tcp_like_chains(cx, request);
    if protocol.is_auto() && with_http {
        chains.push(http_chain(cx, request));
    }
    chains
}

fn http_chain(cx: &ProxyContext<'_>, request: &Request<'_>) -> FilterChain {
    let protocol = request.port.protocol;
    let number = request.port.number;
    let label = request.binding.label(number);
    let mut connection = http_connection(
        cx,
        ConnectionClass::Outbound,
        format!("outbound_{label};"),
        RouteSource::Named(table_name(request)),
        protocol,
        Vec::new(),
    );
    if let Some((cache, _)) = request.dynamic() {
        insert_before_router(&mut connection.filters, HttpFilter::DynamicForwardProxy { cache });
    }
    add_dynamic_dns(cx, &mut connection.filters);
    let beside_others =
        protocol.is_auto() || (protocol != Protocol::HttpProxy && request.binding.is_wildcard());
    let matches = if beside_others { sniffed_http(cx) } else { ChainMatch::default() };
    let filters = vec![NetworkFilter::Http(Box::new(connection))];
    chain(cx, matches, filters, None, request.service.origin.clone())
}

/// All HTTP services of a port share a table; a sniffed service that has a listener for itself has one of its own.
fn table_name(request: &Request<'_>) -> RouteTableName {
    let port = request.port.number;
    if let BindAddress::Unix(path) = &request.binding.primary {
        return RouteTableName::Unix(path.clone());
    }
    if request.port.protocol.is_auto() && (request.alone || !request.binding.is_wildcard()) {
        return RouteTableName::HostPort { host: request.service.host().to_owned(), port };
    }
    RouteTableName::Port(port)
}
