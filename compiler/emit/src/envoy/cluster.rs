//! Clusters.

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_plan::{Discovery, Upstream, UpstreamName, UpstreamTlsChoice};

use super::metadata::UpstreamFacts;
use super::upstream_tls::HostChecks;
use super::values::duration;
use super::xds::{self, Any, Extension};
use super::{
    EnvoyFlavor, EnvoyOptions, alpn, connection_pool, discovery, load_balancing, metadata, metadata_exchange,
    names, outlier, upstream_tls,
};

/// The key of HTTP options among the protocol options of a cluster.
pub(super) const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// One cluster.
pub(super) fn cluster(upstream: &Upstream, options: &EnvoyOptions) -> xds::Cluster {
    let flavor = options.flavor;
    let Upstream {
        name,
        stat_name,
        direction: _,
        discovery,
        dns,
        connect_timeout,
        protocol,
        pool,
        load_balancing,
        outlier,
        tls,
        proxy_protocol,
        metadata_exchange,
        bind_source,
        cleanup_interval,
        explicit_common_lb,
        services,
        workload: _,
        config,
        subset,
        external,
        origin: _,
    } = upstream;
    let checks = host_checks(tls, discovery, flavor);
    let found = discovery::discovery(name, discovery, *dns, checks, options);
    let balanced =
        load_balancing::load_balancing(load_balancing.as_ref(), *explicit_common_lb, found.picks_itself);
    let sockets = upstream_tls::sockets(tls, *proxy_protocol, flavor);
    let pooled = connection_pool::connection_pool(pool, *protocol, outlier.as_ref(), checks, options);
    let exchanges = *metadata_exchange && flavor == EnvoyFlavor::IstioProxy;
    xds::Cluster {
        transport_socket_matches: sockets.matches,
        name: names::upstream(name),
        alt_stat_name: stat_name.clone().unwrap_or_else(|| names::upstream_statistics(name)),
        r#type: found.kind,
        cluster_type: found.cluster_type,
        connect_timeout: Some((*connect_timeout).into()),
        lb_policy: balanced.policy,
        load_assignment: found.load_assignment,
        health_checks: Vec::new(),
        circuit_breakers: pooled.circuit_breakers,
        typed_extension_protocol_options: typed_options(pooled.http_options),
        dns_refresh_rate: found.dns_refresh_rate,
        dns_jitter: found.dns_jitter,
        respect_dns_ttl: found.respect_dns_ttl,
        dns_lookup_family: found.dns_lookup_family,
        typed_dns_resolver_config: found.typed_dns_resolver_config,
        wait_for_warm_on_init: found.wait_for_warm_on_init,
        outlier_detection: outlier.as_ref().map(outlier::outlier),
        cleanup_interval: duration(*cleanup_interval),
        upstream_bind_config: bind_config(bind_source),
        ring_hash_lb_config: balanced.ring_hash,
        maglev_lb_config: balanced.maglev,
        original_dst_lb_config: found.original_dst_lb_config,
        least_request_lb_config: balanced.least_request,
        round_robin_lb_config: balanced.round_robin,
        common_lb_config: balanced.common,
        transport_socket: sockets.only,
        metadata: metadata::upstream(&UpstreamFacts {
            services,
            config: config.as_ref(),
            subset: subset.as_deref(),
            external: *external,
            keeps_alpn: alpn::is_kept(tls),
        }),
        upstream_connection_options: pooled.connection_options,
        filters: exchanges
            .then(|| Extension::new(metadata_exchange::NAME, metadata_exchange::network()))
            .into_iter()
            .collect(),
    }
}

/// What is taken from the host of a request. A dynamic forward proxy that states anything about HTTP must state that it checks
/// the host, or Envoy refuses it, with or without TLS; istiod does not know that.
fn host_checks(tls: &UpstreamTlsChoice, discovery: &Discovery, flavor: EnvoyFlavor) -> HostChecks {
    match tls {
        UpstreamTlsChoice::None | UpstreamTlsChoice::Withheld => {
            let forwards = matches!(discovery, Discovery::DynamicForwardProxy { cache }
                if *cache != UpstreamName::AllowAnyDynamicDns);
            let stated = forwards && flavor == EnvoyFlavor::Stock;
            HostChecks { sni: stated, san: stated, skipped: false }
        }
        UpstreamTlsChoice::Always(tls) | UpstreamTlsChoice::Auto(tls) => {
            let skipped = tls.trust.is_none();
            HostChecks { sni: tls.sni.is_none(), san: tls.auto_san_validation, skipped }
        }
    }
}

fn typed_options(options: Option<xds::HttpProtocolOptions>) -> BTreeMap<&'static str, Any> {
    options.map(|options| (HTTP_OPTIONS, Any::HttpProtocolOptions(options))).into_iter().collect()
}

/// Addresses that connections are made from: the first one, and one of each other family.
fn bind_config(sources: &[IpAddr]) -> Option<xds::BindConfig> {
    let address = |source: &IpAddr| xds::SocketAddress {
        protocol: None,
        address: source.to_string(),
        port_value: Some(0),
    };
    let (first, others) = sources.split_first()?;
    Some(xds::BindConfig {
        source_address: Some(address(first)),
        extra_source_addresses: others
            .iter()
            .map(|source| xds::ExtraSourceAddress { address: Some(address(source)) })
            .collect(),
    })
}
