//! Filter chains: which connections, what transport security, which filters.

use meshc_plan::{
    ChainMatch, FilterChain, ListenerTransport, RouteSource, RouteTable, RouteTableName, TransportProtocol,
};

use super::tracing::CanonicalNames;
use super::values::{duration, network};
use super::{EnvoyOptions, downstream_tls, metadata, names, network_filter, xds};

/// What chains must know beside themselves.
pub(super) struct ChainScope<'s> {
    pub(super) options: &'s EnvoyOptions,
    pub(super) canonical_names: CanonicalNames<'s>,
    /// Finds a table that a connection names.
    pub(super) named: &'s dyn Fn(&RouteTableName) -> Option<xds::Printed>,
    /// Prints a table that only one chain has.
    pub(super) inline: &'s dyn Fn(&RouteTable) -> xds::Printed,
}

impl ChainScope<'_> {
    /// The table of a connection. A static configuration cannot fetch it, so it always stands inside. For one that the proxy
    /// does not have, which the emitter reports, stands an empty table.
    pub(super) fn routes(&self, source: &RouteSource) -> xds::Printed {
        match source {
            RouteSource::Named(name) => (self.named)(name).unwrap_or_else(|| empty_table(name)),
            RouteSource::Inline(table) => (self.inline)(table),
        }
    }
}

fn empty_table(name: &RouteTableName) -> xds::Printed {
    xds::Printed::of(&xds::RouteConfiguration {
        name: names::route_table(name),
        ..xds::RouteConfiguration::default()
    })
}

/// One filter chain.
pub(super) fn chain(
    chain: &FilterChain,
    transport: ListenerTransport,
    scope: &ChainScope<'_>,
) -> xds::FilterChain {
    let FilterChain { name, matches, tls, filters, config, handshake_timeout, origin: _ } = chain;
    xds::FilterChain {
        filter_chain_match: chain_match(matches),
        filters: filters
            .iter()
            .filter_map(|filter| network_filter::network_filter(filter, transport, scope))
            .collect(),
        metadata: metadata::config(config.as_ref()),
        transport_socket: tls
            .as_ref()
            .map(|tls| downstream_tls::transport_socket(tls, transport, scope.options.flavor)),
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
