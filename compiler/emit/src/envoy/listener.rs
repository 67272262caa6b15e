//! Listeners.

use meshc_plan::{Bind, BindAddress, Capture, Direction, Listener};

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
    xds::Listener {
        name: names::listener(name),
        address: Some(address(bind)),
        additional_addresses: additional
            .iter()
            .map(|bind| xds::AdditionalAddress { address: Some(address(bind)) })
            .collect(),
        filter_chains: chains.iter().map(|one| chain(one, scope)).collect(),
        use_original_dst,
        default_filter_chain: default_chain.as_ref().map(|one| chain(one, scope)),
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

fn address(bind: &Bind) -> xds::Address {
    let Bind { address, port } = bind;
    match address {
        BindAddress::Ip(ip) => xds::Address::socket(ip.to_string(), *port),
        BindAddress::Literal(text) => xds::Address::socket(text.clone(), *port),
        BindAddress::Unix(path) => xds::Address::pipe(path.clone()),
    }
}
