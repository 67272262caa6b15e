//! Route tables, virtual hosts, routes and their actions.

use std::collections::BTreeSet;

use meshc_plan::{
    Pattern, Route, RouteAction, RouteForward, RouteTable, TlsRequirement, UpstreamName, VirtualHost,
    WeightedUpstream,
};

use super::headers::{Headers, headers};
use super::values::duration;
use super::xds::{self, Any};
use super::{
    EnvoyFlavor, alpn, cors, fault, hash_policy, metadata, mirror, names, redirect, retry, route_match,
    stateful_session,
};

/// What a route table must know beside itself.
#[derive(Clone, Copy)]
pub(super) struct RouteScope<'s> {
    /// The build of Envoy.
    pub(super) flavor: EnvoyFlavor,
    /// Upstreams whose ALPN the filter `istio.alpn` must not replace; empty where Istio's build finds that out itself.
    pub(super) keep_alpn: &'s BTreeSet<UpstreamName>,
}

/// A route configuration. Clusters are not validated, as istiod has it: a route to one that is missing answers 503.
pub(super) fn route_table(table: &RouteTable, scope: RouteScope<'_>) -> xds::RouteConfiguration {
    let RouteTable { name, virtual_hosts, ignore_port, max_direct_response_bytes, origin: _ } = table;
    xds::RouteConfiguration {
        name: names::route_table(name),
        virtual_hosts: virtual_hosts.iter().map(|host| virtual_host(host, scope)).collect(),
        validate_clusters: Some(false),
        max_direct_response_body_size_bytes: *max_direct_response_bytes,
        ignore_port_in_host_matching: *ignore_port,
    }
}

/// Upstreams that requests of a table are forwarded to.
pub(super) fn destinations(table: &RouteTable) -> BTreeSet<&UpstreamName> {
    let routes = table.virtual_hosts.iter().flat_map(|host| &host.routes);
    let forwards = routes.filter_map(|route| match &route.action {
        RouteAction::Forward(forward) => Some(forward),
        RouteAction::Redirect(_) | RouteAction::DirectResponse(_) | RouteAction::None => None,
    });
    forwards.flat_map(|forward| &forward.upstreams).map(|weighted| &weighted.upstream).collect()
}

fn virtual_host(host: &VirtualHost, scope: RouteScope<'_>) -> xds::VirtualHost {
    let VirtualHost { name, domains, routes, tls, attempt_count, session, origin: _ } = host;
    xds::VirtualHost {
        name: name.clone(),
        domains: domains.clone(),
        routes: routes.iter().map(|one| route(one, scope)).collect(),
        require_tls: match tls {
            TlsRequirement::None => None,
            TlsRequirement::All => Some(xds::TlsRequirement::All),
        },
        include_request_attempt_count: *attempt_count,
        typed_per_filter_config: stateful_session::per_filter_config(session.as_ref()),
    }
}

fn route(route: &Route, scope: RouteScope<'_>) -> xds::Route {
    let Route {
        name,
        matches,
        action,
        operation,
        stat_prefix,
        config,
        headers: operations,
        fault,
        cors,
        session,
        origin: _,
    } = route;
    let Headers { request_add, request_remove, response_add, response_remove } = headers(operations);
    let mut typed_per_filter_config = stateful_session::per_filter_config(session.as_ref());
    if let Some(fault) = fault {
        typed_per_filter_config.insert("envoy.filters.http.fault", Any::Fault(fault::fault(fault)));
    }
    if let Some(cors) = cors {
        typed_per_filter_config.insert("envoy.filters.http.cors", Any::CorsPolicy(cors::cors(cors)));
    }
    let mut result = xds::Route {
        name: name.clone().unwrap_or_default(),
        r#match: Some(route_match::route_match(matches)),
        route: None,
        redirect: None,
        direct_response: None,
        metadata: metadata::config(config.as_ref()),
        decorator: operation.clone().map(|operation| xds::Decorator { operation }),
        typed_per_filter_config,
        request_headers_to_add: request_add,
        request_headers_to_remove: request_remove,
        response_headers_to_add: response_add,
        response_headers_to_remove: response_remove,
        stat_prefix: stat_prefix.clone().unwrap_or_default(),
    };
    match action {
        RouteAction::Forward(target) => {
            if let [only] = target.upstreams.as_slice() {
                result.typed_per_filter_config.extend(alpn::off(scope.keep_alpn.contains(&only.upstream)));
            }
            result.route = Some(forward(target, scope));
        }
        RouteAction::Redirect(target) => result.redirect = Some(redirect::redirect(target)),
        RouteAction::DirectResponse(answer) => {
            result.direct_response = Some(redirect::direct_response(answer))
        }
        // Envoy refuses a configuration with such a route. One that istiod sends late is refused alone; a bootstrap would be
        // refused as a whole, so a stock Envoy answers these requests with an error.
        RouteAction::None if scope.flavor == EnvoyFlavor::Stock => {
            result.direct_response = Some(xds::DirectResponseAction { status: 500, body: None });
        }
        RouteAction::None => {}
    }
    result
}

fn forward(forward: &RouteForward, scope: RouteScope<'_>) -> xds::RouteAction {
    let RouteForward {
        upstreams,
        timeout,
        inbound,
        retry,
        prefix_rewrite,
        regex_rewrite,
        host_rewrite,
        append_forwarded_host,
        mirrors,
        hash_policies,
        unknown_upstream_is_500,
    } = forward;
    let unweighted = match upstreams.as_slice() {
        [WeightedUpstream { upstream, weight: None, headers: _, host_rewrite: _ }] => Some(upstream),
        _ => None,
    };
    let weighted = || xds::WeightedCluster {
        clusters: upstreams
            .iter()
            .map(|upstream| weighted_upstream(upstream, upstreams.len() > 1, scope))
            .collect(),
    };
    let rewrite = |(pattern, substitution): &(Pattern, String)| xds::RegexMatchAndSubstitute {
        pattern: Some(xds::RegexMatcher { regex: pattern.to_string() }),
        substitution: substitution.clone(),
    };
    let timeout = duration(*timeout);
    xds::RouteAction {
        cluster: unweighted.map(names::upstream),
        weighted_clusters: unweighted.is_none().then(weighted),
        cluster_not_found_response_code: unknown_upstream_is_500
            .then_some(xds::ClusterNotFoundResponseCode::InternalServerError),
        prefix_rewrite: prefix_rewrite.clone().unwrap_or_default(),
        regex_rewrite: regex_rewrite.as_ref().map(rewrite),
        host_rewrite_literal: host_rewrite.clone(),
        append_x_forwarded_host: *append_forwarded_host,
        timeout,
        retry_policy: retry.as_ref().map(retry::retry),
        request_mirror_policies: mirrors.iter().map(mirror::mirror).collect(),
        hash_policy: hash_policies.iter().map(hash_policy::hash_policy).collect(),
        max_grpc_timeout: if *inbound { None } else { timeout },
        max_stream_duration: if *inbound { timeout.map(stream_duration) } else { None },
    }
}

/// What the timeout of a route is to a stream, for gRPC too.
fn stream_duration(timeout: xds::Duration) -> xds::MaxStreamDuration {
    xds::MaxStreamDuration { max_stream_duration: Some(timeout), grpc_timeout_header_max: Some(timeout) }
}

fn weighted_upstream(
    upstream: &WeightedUpstream,
    one_of_many: bool,
    scope: RouteScope<'_>,
) -> xds::ClusterWeight {
    let WeightedUpstream { upstream, weight, headers: operations, host_rewrite } = upstream;
    let Headers { request_add, request_remove, response_add, response_remove } = headers(operations);
    xds::ClusterWeight {
        name: names::upstream(upstream),
        weight: *weight,
        request_headers_to_add: request_add,
        request_headers_to_remove: request_remove,
        response_headers_to_add: response_add,
        response_headers_to_remove: response_remove,
        typed_per_filter_config: alpn::off(one_of_many && scope.keep_alpn.contains(upstream)),
        host_rewrite_literal: host_rewrite.clone(),
    }
}
