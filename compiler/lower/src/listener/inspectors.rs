//! Which inspectors a listener needs (translation-spec §2.5, §5.4, §6.5).

use meshc_plan::{FilterChain, Inspector, ListenerFilters, NetworkFilter};

/// Inspectors that the matches of chains depend on. TLS is read where a chain is picked by server name or offers ALPN;
/// HTTP is told apart where a chain is picked by application protocol.
pub(crate) fn inspectors<'a>(chains: impl Iterator<Item = &'a FilterChain>) -> ListenerFilters {
    let (mut tls, mut http) = (false, false);
    for chain in chains {
        tls |= !chain.matches.server_names.is_empty()
            || chain.tls.as_ref().is_some_and(|tls| !tls.alpn.is_empty())
            || chain
                .filters
                .iter()
                .any(|filter| matches!(filter, NetworkFilter::SniDynamicForwardProxy { .. }));
        http |= !chain.matches.application_protocols.is_empty();
    }
    ListenerFilters {
        proxy_protocol: false,
        original_destination: false,
        original_source_mark: None,
        tls_inspector: tls.then(Inspector::default),
        http_inspector: http.then(Inspector::default),
    }
}
