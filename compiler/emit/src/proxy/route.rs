//! Routes: tables, virtual hosts, actions. The proxy does all that a plan can say about them, but sessions.

use meshc_contract::proxy;
use meshc_plan::{
    DirectResponse, Mirror, Route, RouteAction, RouteForward, RouteTable, TlsRequirement, VirtualHost,
    WeightedUpstream,
};

use super::feature;
use super::findings::Site;
use crate::envoy::names;

/// One route table.
pub(super) fn route_table(table: &RouteTable, site: &mut Site<'_>) -> proxy::RouteTable {
    let RouteTable {
        name: _,
        virtual_hosts,
        ignore_port,
        // The proxy has no limit for its own answers.
        max_direct_response_bytes: _,
        origin: _,
    } = table;
    proxy::RouteTable {
        virtual_hosts: virtual_hosts.iter().map(|host| virtual_host(host, site)).collect(),
        ignore_port: *ignore_port,
    }
}

fn virtual_host(host: &VirtualHost, site: &mut Site<'_>) -> proxy::VirtualHost {
    let VirtualHost { name, domains, routes, tls, attempt_count, session, origin } = host;
    if session.is_some() {
        site.at(origin).lacks(&feature::SESSIONS, "");
    }
    proxy::VirtualHost {
        name: name.clone(),
        domains: domains.clone(),
        routes: routes.iter().map(|one| route(one, site)).collect(),
        require_tls: *tls == TlsRequirement::All,
        attempt_count: *attempt_count,
    }
}

fn route(route: &Route, site: &mut Site<'_>) -> proxy::Route {
    let Route {
        name,
        matches,
        action,
        // Names in traces, statistics and metadata of Envoy's.
        operation: _,
        stat_prefix: _,
        config: _,
        headers,
        fault,
        cors,
        session,
        origin,
    } = route;
    if session.is_some() {
        site.at(origin).lacks(&feature::SESSIONS, "");
    }
    proxy::Route {
        name: name.clone(),
        matches: matches.clone(),
        action: match action {
            RouteAction::Forward(target) => proxy::RouteAction::Forward(Box::new(forward(target))),
            RouteAction::Redirect(target) => proxy::RouteAction::Redirect(target.clone()),
            RouteAction::DirectResponse(answer) => proxy::RouteAction::DirectResponse(answer.clone()),
            // As with a stock Envoy, which refuses a configuration with such a route.
            RouteAction::None => proxy::RouteAction::DirectResponse(DirectResponse {
                status: 500,
                body: None,
                body_bytes: None,
            }),
        },
        headers: headers.clone(),
        fault: fault.clone(),
        cors: cors.clone(),
    }
}

fn forward(forward: &RouteForward) -> proxy::RouteForward {
    let RouteForward {
        upstreams,
        timeout,
        // How Envoy is told about the timeouts of gRPC.
        inbound: _,
        retry,
        prefix_rewrite,
        regex_rewrite,
        host_rewrite,
        append_forwarded_host,
        mirrors,
        hash_policies,
        unknown_upstream_is_500,
    } = forward;
    proxy::RouteForward {
        upstreams: upstreams.iter().map(weighted).collect(),
        timeout: *timeout,
        retry: retry.clone(),
        prefix_rewrite: prefix_rewrite.clone(),
        regex_rewrite: regex_rewrite.as_ref().map(|(pattern, substitution)| proxy::RegexRewrite {
            pattern: pattern.clone(),
            substitution: substitution.clone(),
        }),
        host_rewrite: host_rewrite.clone(),
        append_forwarded_host: *append_forwarded_host,
        mirrors: mirrors.iter().map(mirror).collect(),
        hash_policies: hash_policies.clone(),
        unknown_upstream_is_500: *unknown_upstream_is_500,
    }
}

fn weighted(target: &WeightedUpstream) -> proxy::WeightedUpstream {
    let WeightedUpstream { upstream, weight, headers, host_rewrite } = target;
    proxy::WeightedUpstream {
        upstream: names::upstream(upstream),
        weight: *weight,
        headers: headers.clone(),
        host_rewrite: host_rewrite.clone(),
    }
}

fn mirror(mirror: &Mirror) -> proxy::Mirror {
    let Mirror { upstream, fraction } = mirror;
    proxy::Mirror { upstream: names::upstream(upstream), fraction: *fraction }
}
