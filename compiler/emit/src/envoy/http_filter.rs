//! HTTP filters.

use meshc_plan::HttpFilter;

use super::xds::{self, Any, Empty};
use super::{
    EnvoyFlavor, EnvoyOptions, alpn, authorization, discovery, fault, jwt, metadata_exchange,
    stateful_session, stats,
};

/// One HTTP filter; none where the build of Envoy does not have it.
pub(super) fn http_filter(filter: &HttpFilter, options: &EnvoyOptions) -> Option<xds::HttpFilter> {
    let istio_only = options.flavor == EnvoyFlavor::IstioProxy;
    let (name, config) = match filter {
        HttpFilter::MetadataExchange { downstream, skip_external } => (
            metadata_exchange::NAME,
            istio_only.then(|| metadata_exchange::http(*downstream, *skip_external))?,
        ),
        HttpFilter::JwtAuthentication(tokens) => {
            ("envoy.filters.http.jwt_authn", Any::JwtAuthentication(jwt::jwt(tokens, options.flavor)))
        }
        HttpFilter::Authorization(filter) => {
            ("envoy.filters.http.rbac", Any::HttpRbac(authorization::http(filter)))
        }
        HttpFilter::GrpcWeb => ("envoy.filters.http.grpc_web", Any::GrpcWeb(Empty {})),
        HttpFilter::GrpcStats => ("envoy.filters.http.grpc_stats", grpc_stats()),
        HttpFilter::IstioAlpn => (alpn::FILTER, alpn::filter(options.flavor)),
        HttpFilter::Fault => ("envoy.filters.http.fault", Any::Fault(fault::filter())),
        HttpFilter::Cors => ("envoy.filters.http.cors", Any::Cors(Empty {})),
        HttpFilter::Stats(filter) => {
            ("istio.stats", istio_only.then(|| Any::IstioStats(stats::stats(filter)))?)
        }
        HttpFilter::StatefulSession => (stateful_session::NAME, stateful_session::filter()),
        HttpFilter::DynamicForwardProxy { cache } => {
            let cache = discovery::dns_cache(cache, options.dns_family);
            let config = xds::DynamicForwardProxy { dns_cache_config: Some(cache) };
            ("envoy.filters.http.dynamic_forward_proxy", Any::DynamicForwardProxy(config))
        }
        HttpFilter::Router { suppress_envoy_headers } => (
            "envoy.filters.http.router",
            Any::Router(xds::Router { suppress_envoy_headers: *suppress_envoy_headers }),
        ),
    };
    Some(xds::HttpFilter { name: name.into(), typed_config: Some(Box::new(config)) })
}

fn grpc_stats() -> Any {
    Any::GrpcStats(xds::GrpcStats { emit_filter_state: true, stats_for_all_methods: Some(false) })
}
