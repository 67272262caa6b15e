//! Which of several VirtualServices a service belongs to when wildcards cover it (translation-spec §2.8.3).

use std::cmp::Reverse;
use std::sync::Arc;

use meshc_api::Resource;
use meshc_api::istio::VirtualService;
use meshc_model::{host_matches, is_wildcard};

use super::virtual_service::RouteSemantics;

/// Whether a VirtualService is the most specific one for a service: one that names the host wins over every wildcard, a
/// long wildcard over a short one, the older object over the newer one.
pub(super) fn owns(
    all: &[Arc<Resource<VirtualService>>],
    candidate: &Resource<VirtualService>,
    service: &str,
) -> bool {
    let relevant = all.iter().filter(|vs| RouteSemantics::of(vs) != RouteSemantics::Gateway);
    let best = relevant
        .enumerate()
        .filter_map(|(index, vs)| Some((specificity(vs, service)?, Reverse(index), vs)))
        .max_by_key(|(specificity, index, _)| (*specificity, *index));
    best.is_none_or(|(_, _, vs)| vs.name() == candidate.name() && vs.namespace() == candidate.namespace())
}

/// How specific the best host of a VirtualService is for a service: names above wildcards, then by length.
fn specificity(virtual_service: &Resource<VirtualService>, service: &str) -> Option<(bool, usize)> {
    let hosts = virtual_service.spec.hosts.iter();
    hosts.filter(|host| host_matches(host, service)).map(|host| (!is_wildcard(host), host.len())).max()
}
