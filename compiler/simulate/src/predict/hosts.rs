//! Who is behind a host name, as far as the plan of a mesh tells.

use std::net::IpAddr;

use meshc_contract::WorkloadRef;
use meshc_plan::{
    Discovery, DnsEndpoint, EndpointAddress, EndpointGroup, EndpointHealth, Plan, ProxyPlan, Upstream,
    UpstreamName,
};

use super::{Caller, Request};

/// One place behind a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place<'p> {
    /// Who is there.
    pub(super) who: Who<'p>,
    /// The port.
    pub(super) port: u16,
    /// Whether clients of the mesh speak Istio mTLS to it.
    pub(super) mtls: bool,
}

/// Who is at a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Who<'p> {
    /// A workload with a proxy.
    Proxy(&'p ProxyPlan),
    /// Whatever is at an address.
    Endpoint(EndpointAddress),
}

/// The address that a client dials for a host, if it is known under this or under its full name.
pub(super) fn address(plan: &Plan, request: &Request, host: &str) -> Option<IpAddr> {
    let known = |host: &str| request.addresses.get(host).copied();
    host.parse().ok().or_else(|| known(host)).or_else(|| known(&full_name(plan, request, host)?))
}

/// The host of the mesh that a client means. Kubernetes completes short names with the namespace of the client.
pub(super) fn full_name(plan: &Plan, request: &Request, host: &str) -> Option<String> {
    let namespace = match &request.from {
        Caller::Workload(workload) => workload.namespace.as_str(),
        Caller::Outside => "",
    };
    let host = host.trim_end_matches('.');
    let means = |service: &&meshc_plan::UpstreamService| {
        let (name, home) = (&service.name, &service.namespace);
        service.host == host
            || (host == name && home == namespace)
            || host == format!("{name}.{home}")
            || host == format!("{name}.{home}.svc")
    };
    let services =
        plan.proxies.values().flat_map(|proxy| &proxy.upstreams).flat_map(|upstream| &upstream.services);
    services.into_iter().find(means).map(|service| service.host.clone())
}

/// The upstream of a port of a host, as any proxy knows it.
fn upstream<'p>(plan: &'p Plan, host: &str, port: u16) -> Option<&'p Upstream> {
    let wanted = |upstream: &&Upstream| matches!(&upstream.name, UpstreamName::Outbound { port: at, subset: None, host: name } if *at == port && name == host);
    plan.proxies.values().flat_map(|proxy| &proxy.upstreams).map(AsRef::as_ref).find(wanted)
}

/// Where a client without a proxy gets for a host and port; empty if the mesh does not know the host.
pub(super) fn behind<'p>(plan: &'p Plan, request: &Request, host: &str, port: u16) -> Vec<Place<'p>> {
    let Some(host) = full_name(plan, request, host) else { return Vec::new() };
    let Some(upstream) = upstream(plan, &host, port) else { return Vec::new() };
    match &upstream.discovery {
        Discovery::OriginalDestination { .. } => of_service(plan, &host, None, port),
        _ => endpoints(plan, upstream),
    }
}

/// The places of an upstream that may be picked.
pub(super) fn endpoints<'p>(plan: &'p Plan, upstream: &Upstream) -> Vec<Place<'p>> {
    match &upstream.discovery {
        Discovery::Pods { names, stated } => {
            let pods = names.iter().flat_map(|name| pods(plan, upstream, name));
            let stated = of_groups(stated).into_iter().flat_map(|place| resolved(plan, place));
            pods.chain(stated).collect()
        }
        Discovery::Static(groups) | Discovery::StrictDns(groups) | Discovery::LogicalDns(groups) => {
            of_groups(groups).into_iter().flat_map(|place| resolved(plan, place)).collect()
        }
        Discovery::OriginalDestination { .. } | Discovery::DynamicForwardProxy { .. } => Vec::new(),
    }
}

/// A name of a service of the mesh among stated endpoints leads to its pods.
fn resolved<'p>(plan: &'p Plan, place: Place<'p>) -> Vec<Place<'p>> {
    let Who::Endpoint(EndpointAddress::Name(name, port)) = &place.who else { return vec![place] };
    match upstream(plan, name, *port) {
        Some(known) if !matches!(known.discovery, Discovery::StrictDns(_) | Discovery::LogicalDns(_)) => {
            let mtls = place.mtls;
            endpoints(plan, known).into_iter().map(|pod| Place { mtls, ..pod }).collect()
        }
        _ => vec![place],
    }
}

/// Healthy endpoints of the first priority that has any.
fn of_groups<'p>(groups: &[EndpointGroup]) -> Vec<Place<'p>> {
    let usable = |group: &&EndpointGroup| group.endpoints.iter().any(|endpoint| is_healthy(endpoint.health));
    let first = groups.iter().filter(usable).map(|group| group.priority).min();
    let chosen = groups.iter().filter(|group| Some(group.priority) == first);
    chosen
        .flat_map(|group| &group.endpoints)
        .filter(|endpoint| is_healthy(endpoint.health))
        .map(|endpoint| {
            let port = match &endpoint.address {
                EndpointAddress::Ip(_, port) | EndpointAddress::Name(_, port) => *port,
                EndpointAddress::Unix(_) => 0,
            };
            Place { who: Who::Endpoint(endpoint.address.clone()), port, mtls: endpoint.mtls }
        })
        .collect()
}

fn is_healthy(health: Option<EndpointHealth>) -> bool {
    matches!(health, None | Some(EndpointHealth::Healthy))
}

/// The workloads whose pods a name resolves to.
fn pods<'p>(plan: &'p Plan, upstream: &Upstream, name: &DnsEndpoint) -> Vec<Place<'p>> {
    let generated = plan
        .headless_services
        .iter()
        .find(|service| name.name.starts_with(&format!("{}.{}.svc.", service.name, service.namespace)));
    let found: Vec<Place<'_>> = match generated {
        Some(service) => plan
            .proxies
            .values()
            .filter(|proxy| proxy.workload.namespace == service.namespace)
            .filter(|proxy| {
                service.selector.iter().all(|(key, value)| label(proxy, key) == Some(value.as_str()))
            })
            .map(|proxy| Place { who: Who::Proxy(proxy), port: name.port, mtls: name.mtls })
            .collect(),
        None => {
            let target = (!name.cluster_ip).then_some(name.port);
            upstream
                .services
                .iter()
                .flat_map(|service| of_service(plan, &service.host, target, name.port))
                .collect()
        }
    };
    if found.is_empty() {
        let address = EndpointAddress::Name(name.name.clone(), name.port);
        return vec![Place { who: Who::Endpoint(address), port: name.port, mtls: name.mtls }];
    }
    found.into_iter().map(|place| Place { mtls: name.mtls, ..place }).collect()
}

/// The workloads that serve a host, as their own inbound upstreams tell.
fn of_service<'p>(plan: &'p Plan, host: &str, target: Option<u16>, port: u16) -> Vec<Place<'p>> {
    let serves = |upstream: &Upstream| match upstream.name {
        UpstreamName::Inbound { port } => {
            let of_host = upstream.services.iter().any(|service| service.host == host);
            (of_host && target.is_none_or(|target| target == port)).then_some(port)
        }
        _ => None,
    };
    plan.proxies
        .values()
        .filter_map(|proxy| {
            let ports: Vec<u16> = proxy.upstreams.iter().filter_map(|upstream| serves(upstream)).collect();
            let port =
                ports.iter().copied().find(|number| *number == port).or_else(|| ports.first().copied())?;
            Some(Place { who: Who::Proxy(proxy), port, mtls: true })
        })
        .collect()
}

/// The place of a workload.
pub(super) fn of_workload<'p>(plan: &'p Plan, workload: &WorkloadRef, port: u16) -> Option<Place<'p>> {
    let proxy = plan.proxies.get(workload)?;
    Some(Place { who: Who::Proxy(proxy), port, mtls: false })
}

/// A label of the pods of a proxy. Injection adds that of the network.
fn label<'p>(proxy: &'p ProxyPlan, key: &str) -> Option<&'p str> {
    let metadata = &proxy.bootstrap.metadata;
    let stated = metadata.get("LABELS").and_then(|labels| labels.get(key));
    let network = || metadata.get("NETWORK").filter(|_| key == "topology.istio.io/network");
    stated.or_else(network)?.as_str()
}
