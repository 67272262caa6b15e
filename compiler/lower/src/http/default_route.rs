//! The route of a service without a VirtualService (translation-spec §2.9.9).

use meshc_model::{Service, ServicePort};
use meshc_plan::{HeaderOperations, Route, RouteAction, RouteForward, UpstreamName, WeightedUpstream};

use super::hash_policy::service_hash;
use super::matching::match_everything;
use super::proxy_headers::append_forwarded_host;
use super::retry::retry;
use super::timeout::timeout;
use crate::context::ProxyContext;

/// Everything goes to one port of the service.
pub(super) fn default_route(cx: &ProxyContext<'_>, service: &Service, port: &ServicePort) -> Route {
    let host = service.host();
    let upstream = UpstreamName::Outbound { port: port.number, subset: None, host: host.to_owned() };
    let hash = service_hash(cx, service.namespace(), host, port.number);
    Route {
        name: Some("default".to_owned()),
        matches: match_everything(),
        action: RouteAction::Forward(Box::new(RouteForward {
            upstreams: vec![only(upstream)],
            timeout: Some(timeout(None)),
            inbound: false,
            retry: retry(cx, None, false),
            prefix_rewrite: None,
            regex_rewrite: None,
            host_rewrite: None,
            append_forwarded_host: false,
            mirrors: Vec::new(),
            hash_policies: hash.into_iter().collect(),
            unknown_upstream_is_500: false,
        })),
        operation: Some(format!("{host}:{}/*", port.number)),
        stat_prefix: None,
        config: None,
        headers: HeaderOperations::default(),
        fault: None,
        cors: None,
        session: None,
        origin: service.origin.clone(),
    }
}

/// An upstream that gets everything.
pub(super) fn only(upstream: UpstreamName) -> WeightedUpstream {
    WeightedUpstream { upstream, weight: None, headers: HeaderOperations::default(), host_rewrite: None }
}

/// A route that forwards everything to an upstream that belongs to no service.
pub(super) fn passthrough(cx: &ProxyContext<'_>, upstream: UpstreamName) -> RouteForward {
    RouteForward {
        upstreams: vec![only(upstream)],
        timeout: Some(timeout(None)),
        inbound: false,
        retry: None,
        prefix_rewrite: None,
        regex_rewrite: None,
        host_rewrite: None,
        append_forwarded_host: append_forwarded_host(cx),
        mirrors: Vec::new(),
        hash_policies: Vec::new(),
        unknown_upstream_is_500: false,
    }
}
