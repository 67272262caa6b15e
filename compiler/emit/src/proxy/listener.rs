//! Listeners.

use meshc_contract::proxy;
use meshc_plan::{
    Bind, BindAddress, Capture, Direction, Inspector, Listener, ListenerFilters, ListenerTransport,
};

use super::findings::Site;
use super::{access_log, chain, feature};
use crate::envoy::names;

/// One listener.
pub(super) fn listener(listener: &Listener, site: &mut Site<'_>) -> proxy::Listener {
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
        // Every thread accepts on a socket of its own, and the kernel balances.
        exact_balance: _,
        max_accepts_per_event: _,
        buffer_limit,
        chains,
        default_chain,
        access_logs,
        origin: _,
    } = listener;
    // The original destination is asked for where connections are captured.
    let ListenerFilters {
        proxy_protocol,
        original_destination: _,
        original_source_mark,
        tls_inspector,
        http_inspector,
    } = filters;
    if *transport == ListenerTransport::Quic {
        site.lacks(&feature::HTTP3, "");
    }
    if buffer_limit.is_some() {
        site.lacks(&feature::BUFFER_LIMIT, "");
    }
    if original_source_mark.is_some() {
        site.lacks(&feature::TPROXY, "");
    }
    proxy::Listener {
        bind: std::iter::once(bind).chain(additional).filter_map(|bind| address(bind, site)).collect(),
        capture: captured(*capture, site),
        direction: match direction {
            Direction::Inbound => proxy::Direction::Inbound,
            Direction::Outbound => proxy::Direction::Outbound,
        },
        proxy_protocol: *proxy_protocol,
        tls_inspector: tls_inspector.as_ref().map(inspector),
        http_inspector: http_inspector.as_ref().map(inspector),
        inspect_timeout: *filters_timeout,
        continue_on_timeout: *continue_on_filters_timeout,
        chains: chains.iter().map(|one| chain::chain(one, site)).collect(),
        default_chain: default_chain.as_ref().map(|one| chain::chain(one, site)),
        access_logs: access_log::access_logs(access_logs, site),
        name: names::listener(name),
    }
}

fn inspector(inspector: &Inspector) -> proxy::Inspector {
    let Inspector { disabled_ports, enabled_ports_only } = inspector;
    proxy::Inspector {
        disabled_ports: disabled_ports.clone(),
        enabled_ports_only: enabled_ports_only.clone(),
    }
}

fn captured(capture: Capture, site: &mut Site<'_>) -> proxy::Capture {
    let (transparent, capture) = match capture {
        Capture::Bound => (false, proxy::Capture::Bound),
        Capture::ByOriginalDestination => (false, proxy::Capture::ByOriginalDestination),
        Capture::Redirecting { transparent } => (transparent, proxy::Capture::Redirecting),
        Capture::Captured { transparent } => (transparent, proxy::Capture::Captured),
    };
    if transparent {
        site.lacks(&feature::TPROXY, "");
    }
    capture
}

fn address(bind: &Bind, site: &mut Site<'_>) -> Option<proxy::Bind> {
    let Bind { address, port } = bind;
    match address {
        BindAddress::Ip(address) => Some(proxy::Bind::Ip(*address, *port)),
        BindAddress::Unix(path) => Some(proxy::Bind::Unix(path.clone())),
        BindAddress::Literal(text) => {
            site.lacks(&feature::LITERAL_ADDRESS, format_args!("`{text}`"));
            None
        }
    }
}
