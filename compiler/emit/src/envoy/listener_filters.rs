//! Listener filters, in the order of execution (translation-spec §2.5, §4.1).

use meshc_plan::{Inspector, ListenerFilters};

use super::xds::{self, Any, ChainMatchPredicate, Empty};

/// Istio lets the TLS inspector read this much at first: a usual ClientHello.
const TLS_INSPECTOR_BYTES: u32 = 512;

/// Listener filters of a listener.
pub(super) fn listener_filters(filters: &ListenerFilters) -> Vec<xds::ListenerFilter> {
    let ListenerFilters {
        proxy_protocol,
        original_destination,
        original_source_mark,
        tls_inspector,
        http_inspector,
    } = filters;
    let mut result = Vec::new();
    if *proxy_protocol {
        result.push(plain("envoy.filters.listener.proxy_protocol", Any::ProxyProtocol(Empty {})));
    }
    if *original_destination {
        result.push(plain("envoy.filters.listener.original_dst", Any::OriginalDst(Empty {})));
    }
    if let Some(mark) = original_source_mark {
        let config = Any::OriginalSrc(xds::OriginalSrc { mark: *mark });
        result.push(plain("envoy.filters.listener.original_src", config));
    }
    if let Some(inspector) = tls_inspector {
        let config =
            Any::TlsInspector(xds::TlsInspector { initial_read_buffer_size: Some(TLS_INSPECTOR_BYTES) });
        result.push(inspecting("envoy.filters.listener.tls_inspector", config, inspector));
    }
    if let Some(inspector) = http_inspector {
        let config = Any::HttpInspector(Empty {});
        result.push(inspecting("envoy.filters.listener.http_inspector", config, inspector));
    }
    result
}

fn plain(name: &'static str, config: Any) -> xds::ListenerFilter {
    xds::ListenerFilter { name, typed_config: Some(Box::new(config)), filter_disabled: None }
}

fn inspecting(name: &'static str, config: Any, inspector: &Inspector) -> xds::ListenerFilter {
    xds::ListenerFilter { filter_disabled: disabled(inspector), ..plain(name, config) }
}

fn disabled(inspector: &Inspector) -> Option<ChainMatchPredicate> {
    let Inspector { disabled_ports, enabled_ports_only } = inspector;
    if enabled_ports_only.is_empty() {
        return any_port(disabled_ports);
    }
    any_port(enabled_ports_only).map(|ports| ChainMatchPredicate {
        or_match: None,
        not_match: Some(Box::new(ports)),
        destination_port_range: None,
    })
}

/// Envoy's `or_match` wants at least two rules.
fn any_port(ports: &[u16]) -> Option<ChainMatchPredicate> {
    let mut rules: Vec<ChainMatchPredicate> = ports.iter().map(|port| one_port(*port)).collect();
    match rules.len() {
        0 | 1 => rules.pop(),
        _ => Some(ChainMatchPredicate {
            or_match: Some(xds::ChainMatchSet { rules }),
            not_match: None,
            destination_port_range: None,
        }),
    }
}

/// The end of a range is not part of it.
fn one_port(port: u16) -> ChainMatchPredicate {
    let range = xds::Int32Range { start: u32::from(port), end: u32::from(port) + 1 };
    ChainMatchPredicate { or_match: None, not_match: None, destination_port_range: Some(range) }
}

#[cfg(test)]
mod tests {
    use meshc_plan::{Inspector, ListenerFilters};
    use serde_json::json;

    #[test]
    fn the_order_is_that_of_execution_and_one_port_needs_no_list() {
        let filters = ListenerFilters {
            proxy_protocol: true,
            original_destination: true,
            original_source_mark: None,
            tls_inspector: Some(Inspector { disabled_ports: vec![15006], enabled_ports_only: Vec::new() }),
            http_inspector: Some(Inspector { disabled_ports: Vec::new(), enabled_ports_only: vec![80, 81] }),
        };
        let emitted = serde_json::to_value(super::listener_filters(&filters)).unwrap();
        let names: Vec<&str> =
            emitted.as_array().unwrap().iter().filter_map(|filter| filter["name"].as_str()).collect();
        assert_eq!(
            names,
            [
                "envoy.filters.listener.proxy_protocol",
                "envoy.filters.listener.original_dst",
                "envoy.filters.listener.tls_inspector",
                "envoy.filters.listener.http_inspector",
            ]
        );
        assert_eq!(
            emitted[2]["filterDisabled"],
            json!({"destinationPortRange": {"start": 15006, "end": 15007}})
        );
        assert_eq!(
            emitted[3]["filterDisabled"]["notMatch"]["orMatch"]["rules"][1],
            json!({"destinationPortRange": {"start": 81, "end": 82}})
        );
    }
}
