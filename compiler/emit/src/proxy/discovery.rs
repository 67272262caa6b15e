//! Where the endpoints of an upstream come from.

use std::time::Duration;

use meshc_contract::proxy;
use meshc_plan::{
    Discovery, DnsEndpoint, DnsFamily, DnsResolution, Endpoint, EndpointAddress, EndpointGroup,
    EndpointHealth, Locality,
};

use super::feature;
use super::findings::Site;
use crate::envoy::names;

/// Time between look-ups of names of pods, whose answers change with every rollout.
const PODS_REFRESH: Duration = Duration::from_secs(5);

/// Discovery of an upstream. `weighted` says whether weights of groups count.
pub(super) fn discovery(
    discovery: &Discovery,
    resolution: DnsResolution,
    weighted: bool,
    site: &mut Site<'_>,
) -> proxy::Discovery {
    let DnsResolution { refresh_rate, family } = resolution;
    let stated = |groups: &[EndpointGroup], first_address| proxy::Discovery::Endpoints {
        groups: groups.iter().map(|one| group(one, weighted)).collect(),
        refresh_rate,
        family: dns_family(family),
        first_address,
    };
    match discovery {
        Discovery::Static(groups) | Discovery::StrictDns(groups) => stated(groups, false),
        Discovery::LogicalDns(groups) => stated(groups, true),
        Discovery::Pods { names, stated: groups } if names.is_empty() => stated(groups, false),
        Discovery::Pods { names, stated: others } => {
            let pods = proxy::EndpointGroup {
                locality: None,
                weight: None,
                priority: 0,
                endpoints: names.iter().map(pods).collect(),
            };
            let others = others.iter().map(|one| group(one, weighted));
            proxy::Discovery::Endpoints {
                groups: std::iter::once(pods).chain(others).collect(),
                refresh_rate: PODS_REFRESH,
                family: dns_family(family),
                first_address: false,
            }
        }
        Discovery::OriginalDestination { port_override } => {
            proxy::Discovery::OriginalDestination { port_override: *port_override }
        }
        Discovery::DynamicForwardProxy { cache } => {
            site.lacks(&feature::DYNAMIC_FORWARD_PROXY, names::upstream(cache));
            stated(&[], false)
        }
    }
}

fn dns_family(family: DnsFamily) -> proxy::DnsFamily {
    match family {
        DnsFamily::V4Only => proxy::DnsFamily::V4Only,
        DnsFamily::V6Only => proxy::DnsFamily::V6Only,
        DnsFamily::All => proxy::DnsFamily::All,
    }
}

fn group(group: &EndpointGroup, weighted: bool) -> proxy::EndpointGroup {
    let EndpointGroup { locality: place, weight, priority, endpoints } = group;
    proxy::EndpointGroup {
        locality: place.as_ref().map(locality),
        weight: weight.filter(|_| weighted),
        priority: *priority,
        endpoints: endpoints.iter().map(endpoint).collect(),
    }
}

fn locality(locality: &Locality) -> proxy::Locality {
    let Locality { region, zone, sub_zone } = locality;
    proxy::Locality { region: region.clone(), zone: zone.clone(), sub_zone: sub_zone.clone() }
}

fn endpoint(endpoint: &Endpoint) -> proxy::Endpoint {
    let Endpoint { address, weight, health, mtls, workload: _ } = endpoint;
    proxy::Endpoint {
        address: match address {
            EndpointAddress::Ip(address, port) => proxy::EndpointAddress::Ip(*address, *port),
            EndpointAddress::Name(name, port) => named(name, *port),
            EndpointAddress::Unix(path) => proxy::EndpointAddress::Unix(path.clone()),
        },
        weight: *weight,
        unhealthy: match health {
            None | Some(EndpointHealth::Healthy) => false,
            // An endpoint that drains takes no new traffic.
            Some(EndpointHealth::Unhealthy | EndpointHealth::Draining) => true,
        },
        mtls: *mtls,
    }
}

fn pods(name: &DnsEndpoint) -> proxy::Endpoint {
    let DnsEndpoint { name, port, mtls, cluster_ip: _ } = name;
    proxy::Endpoint { address: named(name, *port), weight: None, unhealthy: false, mtls: *mtls }
}

fn named(name: &str, port: u16) -> proxy::EndpointAddress {
    proxy::EndpointAddress::Name(name.trim_end_matches('.').to_owned(), port)
}
