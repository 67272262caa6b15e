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
    let DnsEndpoint { name, port, mtls, cluster_ip: _, weight } = name;
    proxy::Endpoint { address: named(name, *port), weight: *weight, unhealthy: false, mtls: *mtls }
}

fn named(name: &str, port: u16) -> proxy::EndpointAddress {
    proxy::EndpointAddress::Name(name.trim_end_matches('.').to_owned(), port)
}

#[cfg(test)]
mod tests {
    use super::super::findings::at_a_site;
    use super::*;

    const RESOLUTION: DnsResolution =
        DnsResolution { refresh_rate: Duration::from_secs(60), family: DnsFamily::V4Only };

    fn stated() -> EndpointGroup {
        let endpoint = |address: &str, health| Endpoint {
            address: EndpointAddress::Ip(address.parse().unwrap(), 80),
            weight: None,
            health,
            mtls: false,
            workload: None,
        };
        EndpointGroup {
            locality: None,
            weight: Some(7),
            priority: 1,
            endpoints: vec![endpoint("10.0.0.1", None), endpoint("10.0.0.2", Some(EndpointHealth::Draining))],
        }
    }

    #[test]
    fn names_of_pods_are_looked_up_often_beside_stated_endpoints() {
        let name = DnsEndpoint {
            name: "mc-a.shop.svc.".into(),
            port: 8080,
            mtls: true,
            cluster_ip: false,
            weight: None,
        };
        let found = Discovery::Pods { names: vec![name], stated: vec![stated()] };
        let (emitted, _, _) = at_a_site(|site| discovery(&found, RESOLUTION, false, site));
        let proxy::Discovery::Endpoints { groups, refresh_rate, .. } = emitted else { panic!("{emitted:?}") };
        assert_eq!(refresh_rate, PODS_REFRESH);
        assert_eq!(
            groups[0].endpoints[0].address,
            proxy::EndpointAddress::Name("mc-a.shop.svc".into(), 8080)
        );
        assert!(groups[0].endpoints[0].mtls);
        let unhealthy: Vec<bool> = groups[1].endpoints.iter().map(|endpoint| endpoint.unhealthy).collect();
        assert_eq!((groups[1].priority, unhealthy), (1, vec![false, true]));
    }

    #[test]
    fn weights_of_localities_count_only_where_balancing_says_so() {
        for (weighted, weight) in [(false, None), (true, Some(7))] {
            let found = Discovery::Static(vec![stated()]);
            let (emitted, _, _) = at_a_site(|site| discovery(&found, RESOLUTION, weighted, site));
            let proxy::Discovery::Endpoints { groups, .. } = emitted else { panic!("{emitted:?}") };
            assert_eq!(groups[0].weight, weight);
        }
    }
}
