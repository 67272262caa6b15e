//! Endpoints of clusters.

use meshc_plan::{DnsEndpoint, Endpoint, EndpointAddress, EndpointGroup, EndpointHealth, Locality};

use super::{metadata, xds};

/// How DNS names of endpoints are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameForm {
    /// As the mesh states them, so that the search list of the pod applies, as under istiod.
    AsStated,
    /// With a trailing dot: one query instead of one for each entry of the search list.
    Absolute,
}

/// Groups of stated endpoints.
pub(super) fn groups(groups: &[EndpointGroup], form: NameForm) -> Vec<xds::LocalityLbEndpoints> {
    groups.iter().map(|one| group(one, form)).collect()
}

fn group(group: &EndpointGroup, form: NameForm) -> xds::LocalityLbEndpoints {
    let EndpointGroup { locality: place, weight, priority, endpoints } = group;
    xds::LocalityLbEndpoints {
        locality: place.as_ref().map(locality),
        lb_endpoints: endpoints.iter().map(|one| endpoint(one, form)).collect(),
        load_balancing_weight: *weight,
        priority: *priority,
    }
}

/// Region, zone and subzone.
pub(super) fn locality(locality: &Locality) -> xds::Locality {
    let Locality { region, zone, sub_zone } = locality;
    xds::Locality { region: region.clone(), zone: zone.clone(), sub_zone: sub_zone.clone() }
}

fn endpoint(endpoint: &Endpoint, form: NameForm) -> xds::LbEndpoint {
    let Endpoint { address, weight, health, mtls, workload } = endpoint;
    let (address, hostname) = match address {
        EndpointAddress::Ip(ip, port) => (xds::Address::socket(ip.to_string(), *port), String::new()),
        EndpointAddress::Name(name, port) => named(name, *port, form),
        EndpointAddress::Unix(path) => (xds::Address::pipe(path.clone()), String::new()),
    };
    xds::LbEndpoint {
        endpoint: Some(xds::Endpoint { address: Some(address), hostname }),
        health_status: health.map(|health| match health {
            EndpointHealth::Healthy => xds::HealthStatus::Healthy,
            EndpointHealth::Unhealthy => xds::HealthStatus::Unhealthy,
            EndpointHealth::Draining => xds::HealthStatus::Draining,
        }),
        metadata: metadata::endpoint(*mtls, workload.as_deref()),
        load_balancing_weight: *weight,
    }
}

/// A name that resolves to pods; every address that it resolves to inherits the metadata.
pub(super) fn pods(name: &DnsEndpoint) -> xds::LbEndpoint {
    let DnsEndpoint { name, port, mtls, cluster_ip: _, weight } = name;
    let (address, hostname) = named(name, *port, NameForm::Absolute);
    xds::LbEndpoint {
        endpoint: Some(xds::Endpoint { address: Some(address), hostname }),
        health_status: None,
        metadata: metadata::endpoint(*mtls, None),
        load_balancing_weight: *weight,
    }
}

/// The host name of an endpoint is stated apart where the address ends with a dot, which must not reach a `Host` header.
fn named(name: &str, port: u16, form: NameForm) -> (xds::Address, String) {
    if form == NameForm::AsStated || name.ends_with('.') {
        return (xds::Address::socket(name.to_owned(), port), String::new());
    }
    (xds::Address::socket(format!("{name}."), port), name.to_owned())
}
