//! HTTP filters, which are settings of a connection here: the proxy runs them in Istio's order on its own.

use meshc_contract::proxy;
use meshc_plan::{HttpFilter, StatsFilter};

use super::authorization::authorization;
use super::findings::Site;
use super::{feature, jwt};
use crate::envoy::names;

/// What the filters of a connection come to.
#[derive(Default)]
pub(super) struct HttpFilters {
    pub(super) jwt: Vec<proxy::JwtProvider>,
    pub(super) authorization: Vec<proxy::AuthorizationFilter>,
    pub(super) metrics: bool,
    pub(super) suppress_envoy_headers: bool,
}

/// The filters of a connection.
pub(super) fn http_filters(filters: &[HttpFilter], site: &mut Site<'_>) -> HttpFilters {
    let mut result = HttpFilters::default();
    for filter in filters {
        match filter {
            HttpFilter::JwtAuthentication(filter) => result.jwt.extend(jwt::jwt(filter, site)),
            HttpFilter::Authorization(filter) => result.authorization.push(authorization(filter)),
            HttpFilter::Stats(filter) => {
                stats(filter, site);
                result.metrics = true;
            }
            HttpFilter::GrpcWeb => site.lacks(&feature::GRPC_WEB, ""),
            HttpFilter::DynamicForwardProxy { cache } => {
                site.lacks(&feature::DYNAMIC_FORWARD_PROXY, names::upstream(cache));
            }
            HttpFilter::Router { suppress_envoy_headers } => {
                result.suppress_envoy_headers = *suppress_envoy_headers;
            }
            // Routes state faults, CORS and sessions, upstreams state whether they take Istio mTLS, and peers are in the configuration.
            // Nobody asks for the counters of gRPC messages: Istio adds them to every connection.
            HttpFilter::Fault
            | HttpFilter::Cors
            | HttpFilter::IstioAlpn
            | HttpFilter::MetadataExchange { downstream: _, skip_external: _ }
            | HttpFilter::GrpcStats
            | HttpFilter::StatefulSession => {}
        }
    }
    result
}

/// Istio's metrics, of HTTP or of bytes.
pub(super) fn stats(filter: &StatsFilter, site: &mut Site<'_>) {
    // The proxy takes the `Host` header for a destination where Istio's catch-all routes do, which only sidecars have.
    let StatsFilter { disable_host_header_fallback: _, tcp_reporting_duration, overrides } = filter;
    if !overrides.is_empty() {
        site.lacks(&feature::METRIC_OVERRIDES, "");
    }
    if tcp_reporting_duration.is_some() {
        site.lacks(&feature::METRIC_INTERVAL, "");
    }
}
