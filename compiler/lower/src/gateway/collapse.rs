//! Virtual hosts with the same routes become one (translation-spec §5.7).

use std::collections::BTreeMap;

use meshc_model::most_specific_first;
use meshc_plan::TlsRequirement;

use super::routes::HostRoutes;
use crate::context::ProxyContext;

/// Hosts with those that have the same routes. The most specific one gives the name.
pub(super) fn collapse(cx: &ProxyContext<'_>, hosts: Vec<HostRoutes>) -> Vec<(HostRoutes, Vec<String>)> {
    if !cx.mesh.features.enable_route_collapse_optimization {
        return hosts.into_iter().map(|host| (host, Vec::new())).collect();
    }
    let mut groups: BTreeMap<(Vec<usize>, bool), Vec<HostRoutes>> = BTreeMap::new();
    for host in hosts {
        let key = (host.sets.clone(), host.tls == TlsRequirement::All);
        groups.entry(key).or_default().push(host);
    }
    let collapsed = groups.into_values().filter_map(|mut group| {
        group.sort_by(|a, b| most_specific_first(&a.host, &b.host));
        let mut group = group.into_iter();
        let first = group.next()?;
        Some((first, group.map(|host| host.host).collect()))
    });
    collapsed.collect()
}
