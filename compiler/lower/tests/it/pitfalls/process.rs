//! Settings of a proxy by its metadata.

use std::time::Duration;

use super::*;

fn with_metadata(metadata: &str) -> Compiled {
    let meta = format!("annotations: {{proxy.istio.io/config: 'proxyMetadata: {{{metadata}}}'}}");
    compile(&[web(), workload("shop", "special", &meta)])
}

#[test]
fn p_31_metadata_of_the_proxy_changes_what_it_is_told() {
    let compiled = with_metadata("ISTIO_META_IDLE_TIMEOUT: 7s, ISTIO_META_HTTP10: \"1\"");
    let proxy = compiled.proxy("special");
    let inbound = compiled.listener("special", &ListenerName::VirtualOutbound);
    let Some(NetworkFilter::Tcp(tcp)) = inbound.chains.last().and_then(|chain| chain.filters.last()) else {
        panic!("{inbound:?}")
    };
    assert_eq!(tcp.idle_timeout, Some(Duration::from_secs(7)));
    assert_eq!(proxy.bootstrap.metadata["IDLE_TIMEOUT"], "7s");
    let http = proxy.listeners.iter().flat_map(|listener| connections(listener)).next().unwrap();
    assert!(http.accept_http_10);
    assert_eq!(http.limits.idle_timeout, Some(Duration::from_secs(7)));
}

#[test]
fn p_31_metadata_balances_connections_and_opens_an_http_proxy() {
    let compiled = with_metadata(
        "ISTIO_META_OUTBOUND_LISTENER_EXACT_BALANCE: \"true\", ISTIO_META_HTTP_PROXY_PORT: \"15007\"",
    );
    assert!(compiled.listener("special", &ListenerName::VirtualOutbound).exact_balance);
    assert!(compiled.listeners("special").contains(&"127.0.0.1:15007".to_owned()));
}
