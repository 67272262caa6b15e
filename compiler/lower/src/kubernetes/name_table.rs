//! Names that an application is told by its proxy (`ISTIO_META_DNS_CAPTURE`, translation-spec §9.9).
//!
//! Istio's agent answers the queries of the application for every host in scope. The cluster's DNS knows Kubernetes Services, so
//! what is left are the hosts of ServiceEntries, and these are known when the pods are made.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{EndpointPlace, Mesh, Registry, Resolution, Service, Workload};

use super::checks::Spot;

/// Addresses with the names that stand for them; none where the proxy is not asked to answer.
pub(super) fn names(
    mesh: &Mesh,
    workload: &Workload,
    spot: Spot<'_>,
    diags: &mut Diagnostics,
) -> BTreeMap<IpAddr, BTreeSet<String>> {
    let mut table: BTreeMap<IpAddr, BTreeSet<String>> = BTreeMap::new();
    if !workload.metadata_flag("DNS_CAPTURE") {
        return table;
    }
    let mut untold: BTreeSet<&str> = BTreeSet::new();
    let scope = mesh.scope(workload);
    let services = || scope.egress.iter().flat_map(|egress| &egress.services);
    // A Kubernetes Service beats a ServiceEntry of its host.
    let of_cluster: BTreeSet<&str> = services()
        .filter(|service| service.registry == Registry::Kubernetes)
        .map(|service| service.host())
        .collect();
    for service in services().filter(|service| service.registry == Registry::External) {
        if of_cluster.contains(service.host()) {
            continue;
        }
        let addresses = addresses(service, workload);
        if !addresses.is_empty() && !is_name(service.host()) {
            untold.insert(service.host());
            continue;
        }
        for address in addresses {
            table.entry(address).or_default().insert(service.host().to_owned());
        }
    }
    for host in untold {
        diags.push(spot.at(not_told(host), "metadata.name"));
    }
    table
}

/// What the name of a service stands for: its own addresses, or those of its endpoints where connections go to the address that
/// was dialled.
fn addresses(service: &Service, workload: &Workload) -> Vec<IpAddr> {
    let stated = service.addresses_for(workload);
    if !stated.is_empty() || service.resolution != Resolution::Passthrough {
        return stated.iter().filter_map(|address| address.parse().ok()).collect();
    }
    let endpoints = service.endpoints.iter().filter_map(|endpoint| match &endpoint.place {
        EndpointPlace::Ip(address) => Some(*address),
        _ => None,
    });
    endpoints.collect()
}

/// Whether Kubernetes takes a host as the name of an address.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

fn not_told(host: &str) -> Diagnostic {
    Diagnostic::new(&codes::NAME_NOT_TOLD, format!("the application cannot be told an address for `{host}`"))
        .consequence("it gets the addresses that the cluster's DNS has for such names, and connections to them that are not HTTP are not told from others")
        .help("list the hosts one by one, or give the entry the label `networking.istio.io/enable-autoallocate-ip: \"false\"`")
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn wildcards_and_what_kubernetes_refuses_are_no_names() {
        assert!(is_name("db.example") && is_name("db") && is_name("a-1.b"));
        assert!(
            !is_name("*.example") && !is_name("a_b.example") && !is_name("-a.example") && !is_name("a..b")
        );
    }
}
