//! Filter chains: which connections, what transport security, which filters.

use std::collections::BTreeMap;

use meshc_plan::{ChainMatch, FilterChain, RouteSource, RouteTable, RouteTableName, TransportProtocol};

use super::values::{duration, network};
use super::{EnvoyOptions, downstream_tls, metadata, network_filter, xds};

/// What chains must know beside themselves: the route tables of the proxy, printed.
pub(super) struct ChainScope<'s> {
    pub(super) options: &'s EnvoyOptions,
    /// Tables that connections name.
    pub(super) named: &'s BTreeMap<&'s RouteTableName, xds::Printed>,
    /// Prints a table that only one chain has.
    pub(super) print: &'s dyn Fn(&RouteTable) -> xds::Printed,
    /// What stands for a named table that the proxy does not have.
    pub(super) missing: &'s dyn Fn(&RouteTableName) -> xds::Printed,
}

impl ChainScope<'_> {
    /// The printed table of a connection. A static configuration cannot fetch it, so it is always part of the listener.
    pub(super) fn printed_routes(&self, source: &RouteSource) -> xds::Printed {
        match source {
            RouteSource::Named(name) => self.named.get(name).cloned().unwrap_or_else(|| (self.missing)(name)),
            RouteSource::Inline(table) => (self.print)(table),
        }
    }
}

/// One filter chain.
pub(super) fn chain(chain: &FilterChain, scope: &ChainScope<'_>) -> xds::FilterChain {
    let FilterChain { name, matches, tls, filters, config, handshake_timeout, origin: _ } = chain;
    xds::FilterChain {
        filter_chain_match: chain_match(matches),
        filters: filters.iter().filter_map(|filter| network_filter::network_filter(filter, scope)).collect(),
        metadata: metadata::config(config.as_ref()),
        transport_socket: tls.as_ref().map(|tls| downstream_tls::transport_socket(tls, scope.options.flavor)),
        transport_socket_connect_timeout: duration(*handshake_timeout),
        name: name.clone().unwrap_or_default(),
    }
}

fn chain_match(matches: &ChainMatch) -> Option<xds::FilterChainMatch> {
    let ChainMatch {
        destination_port,
        destination_networks,
        server_names,
        transport_protocol,
        application_protocols,
    } = matches;
    let result = xds::FilterChainMatch {
        destination_port: destination_port.map(u32::from),
        prefix_ranges: destination_networks.iter().map(|(ip, prefix)| network(*ip, *prefix)).collect(),
        server_names: server_names.clone(),
        transport_protocol: match transport_protocol {
            None => "",
            Some(TransportProtocol::RawBuffer) => "raw_buffer",
            Some(TransportProtocol::Tls) => "tls",
        },
        application_protocols: application_protocols.clone(),
    };
    (*matches != ChainMatch::default()).then_some(result)
}
