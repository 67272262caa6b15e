//! Forwarding: destinations, retries, rewrites and copies of a rule (translation-spec §2.9.5).

use meshc_api::istio::{HttpRoute, HttpRouteDestination};
use meshc_plan::{HashPolicy, HeaderOperations, PathMatch, RouteForward, WeightedUpstream};

use super::hash_policy::{destination_hash, hash_policy};
use super::headers::{append, header_operations};
use super::mirror::mirrors;
use super::proxy_headers::append_forwarded_host;
use super::retry::retry;
use super::rewrite::rewrite;
use super::timeout::timeout;
use super::virtual_service::{RouteContext, RouteSemantics};

/// The action of a rule that forwards. `authority` is the host that its headers set. The header operations of an only
/// destination are appended to those of the route; those of weighted ones stay with them.
pub(super) fn forward(
    rx: &RouteContext<'_>,
    rule: &HttpRoute,
    path: &PathMatch,
    authority: Option<String>,
    headers: &mut HeaderOperations,
) -> RouteForward {
    let semantics = rx.semantics();
    let rewritten = rewrite(rule.rewrite.as_ref(), path, semantics);
    let mut host_rewrite = rewritten.authority.or(authority);
    let (upstreams, hash_policies, sticky) = match rule.route.as_slice() {
        [only] => {
            let (upstream, hash, sticky) = destination(rx, only, None);
            let WeightedUpstream { upstream, weight: _, headers: operations, host_rewrite: host } = upstream;
            append(headers, operations);
            host_rewrite = host_rewrite.or(host);
            let headers = HeaderOperations::default();
            (vec![WeightedUpstream { upstream, weight: None, headers, host_rewrite: None }], hash, sticky)
        }
        several => weighted(rx, several),
    };
    RouteForward {
        upstreams,
        timeout: Some(timeout(rule.timeout)),
        inbound: false,
        retry: retry(rx.cx, rule.retries.as_ref(), sticky),
        prefix_rewrite: rewritten.prefix,
        regex_rewrite: rewritten.regex,
        append_forwarded_host: host_rewrite.is_some() && append_forwarded_host(rx.cx),
        host_rewrite,
        mirrors: mirrors(rule, |destination| rx.upstream(destination)),
        hash_policies,
        unknown_upstream_is_500: semantics == RouteSemantics::Gateway,
    }
}

/// Destinations among several that get nothing are left out.
fn weighted(
    rx: &RouteContext<'_>,
    destinations: &[HttpRouteDestination],
) -> (Vec<WeightedUpstream>, Vec<HashPolicy>, bool) {
    let mut upstreams = Vec::new();
    let mut hash_policies = Vec::new();
    for stated in destinations {
        let Some(weight) = weight(stated.weight) else { continue };
        let (upstream, hash, _) = destination(rx, stated, Some(weight));
        upstreams.push(upstream);
        hash_policies.extend(hash);
    }
    (upstreams, hash_policies, false)
}

/// A weight that sends something.
pub(crate) fn weight(stated: Option<i32>) -> Option<u32> {
    stated.and_then(|weight| u32::try_from(weight).ok()).filter(|weight| *weight > 0)
}

/// A destination with its hash policy, and whether a hash is stated for it at all.
fn destination(
    rx: &RouteContext<'_>,
    stated: &HttpRouteDestination,
    weight: Option<u32>,
) -> (WeightedUpstream, Vec<HashPolicy>, bool) {
    let nowhere = meshc_api::istio::Destination::default();
    let destination = stated.destination.as_ref().unwrap_or(&nowhere);
    let (headers, host_rewrite) = header_operations(stated.headers.as_ref());
    let hash = destination_hash(rx.cx, destination);
    let policies = hash.as_ref().and_then(hash_policy).into_iter().collect();
    let upstream = WeightedUpstream { upstream: rx.upstream(destination), weight, headers, host_rewrite };
    (upstream, policies, hash.is_some())
}
