//! Listeners.

use meshc_plan::{Bind, BindAddress, Capture, Direction, Listener, ListenerTransport};

use super::chain::{ChainScope, chain};
use super::listener_filters::listener_filters;
use super::values::duration;
use super::xds::{self, Empty};
use super::{access_log, names};

/// One listener, with its route tables inside.
pub(super) fn listener(listener: &Listener, scope: &ChainScope<'_>) -> xds::Listener {
    let Listener {
        name,
        bind,
        additional,
        transport,
        capture,
        direction,
        filters,
        filters_timeout,
        continue_on_filters_timeout,
        exact_balance,
        max_accepts_per_event,
        buffer_limit,
        chains,
        default_chain,
        access_logs,
        origin: _,
    } = listener;
    let Captured { bind_to_port, use_original_dst, transparent } = captured(*capture);
    let address = |bind| address(bind, *transport);
    let chain = |one| chain(one, *transport, scope);
    let quic = *transport == ListenerTransport::Quic;
    xds::Listener {
        name: names::listener(name),
        address: Some(address(bind)),
        additional_addresses: additional
            .iter()
            .map(|bind| xds::AdditionalAddress { address: Some(address(bind)) })
            .collect(),
        filter_chains: chains.iter().map(chain).collect(),
        use_original_dst,
        default_filter_chain: default_chain.as_ref().map(chain),
        per_connection_buffer_limit_bytes: *buffer_limit,
        listener_filters: listener_filters(filters),
        listener_filters_timeout: duration(*filters_timeout),
        continue_on_listener_filters_timeout: *continue_on_filters_timeout,
        transparent,
        traffic_direction: Some(match direction {
            Direction::Inbound => xds::TrafficDirection::Inbound,
            Direction::Outbound => xds::TrafficDirection::Outbound,
        }),
        connection_balance_config: exact_balance
            .then_some(xds::ConnectionBalance { exact_balance: Some(Empty {}) }),
        enable_reuse_port: quic.then_some(true),
        udp_listener_config: quic.then_some(xds::UdpListenerConfig {
            downstream_socket_config: Some(Empty {}),
            quic_options: Some(Empty {}),
        }),
        access_log: access_logs.iter().map(access_log::access_log).collect(),
        max_connections_to_accept_per_socket_event: *max_accepts_per_event,
        bind_to_port,
        ignore_global_conn_limit: false,
        bypass_overload_manager: false,
    }
}

struct Captured {
    bind_to_port: Option<bool>,
    use_original_dst: Option<bool>,
    transparent: Option<bool>,
}

fn captured(capture: Capture) -> Captured {
    match capture {
        Capture::Bound => Captured { bind_to_port: None, use_original_dst: None, transparent: None },
        Capture::ByOriginalDestination => {
            Captured { bind_to_port: Some(false), use_original_dst: None, transparent: None }
        }
        Capture::Redirecting { transparent } => Captured {
            bind_to_port: None,
            use_original_dst: Some(true),
            transparent: transparent.then_some(true),
        },
        Capture::Captured { transparent } => {
            Captured { bind_to_port: None, use_original_dst: None, transparent: transparent.then_some(true) }
        }
    }
}

fn address(bind: &Bind, transport: ListenerTransport) -> xds::Address {
    let Bind { address, port } = bind;
    let socket = |address| match transport {
        ListenerTransport::Tcp => xds::Address::socket(address, *port),
        ListenerTransport::Quic => xds::Address::datagrams(address, *port),
    };
    match address {
        BindAddress::Ip(ip) => socket(ip.to_string()),
        BindAddress::Literal(text) => socket(text.clone()),
        BindAddress::Unix(path) => xds::Address::pipe(path.clone()),
    }
}
