//! What the webhook refuses of a ServiceEntry.

use std::collections::BTreeSet;

use super::export_to::Rules;
use super::ports::Protocol;
use super::{address, export_to, labels, metadata, names, ports, selectors, workload_entry};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{Resolution, ServiceEntry, ServicePort, WorkloadEntry};

/// Label by which an object declines an address of its own.
const AUTO_ALLOCATE: &str = "networking.istio.io/enable-autoallocate-ip";

/// All rules about a ServiceEntry.
pub(in crate::istio) fn admit(object: &Resource<ServiceEntry>, report: &mut Report) {
    let at = At::SPEC;
    let spec = &object.spec;
    let resolution = spec.resolution.unwrap_or(Resolution::None);
    metadata::check(object, report);
    selectors::workload(&at, spec.workload_selector.as_ref(), report);
    if spec.workload_selector.is_some() && !spec.endpoints.is_empty() {
        report.refuse(&at, "only one of `workloadSelector` and `endpoints` can be set");
    }
    hosts(&at, spec, report);
    addresses(&at, spec, resolution, report);
    let declined =
        object.meta.labels.get(AUTO_ALLOCATE).is_some_and(|value| value.eq_ignore_ascii_case("false"));
    let without_address = spec.addresses.is_empty() && (declined || resolution == Resolution::None);
    service_ports(&at, &spec.ports, without_address, report);
    let names: BTreeSet<&str> = spec.ports.iter().map(port_name).collect();
    match resolution {
        Resolution::None => none(&at, spec, report),
        Resolution::Static => {
            for (index, endpoint) in spec.endpoints.iter().enumerate() {
                workload_entry::endpoint(&at.item("endpoints", index), endpoint, &names, report);
            }
        }
        Resolution::Dns | Resolution::DnsRoundRobin => dns(&at, spec, resolution, &names, report),
        Resolution::DynamicDns => dynamic_dns(&at, spec, report),
    }
    one_host_for_tcp(&at, spec, resolution, report);
    export_to::check(&at, object.namespace(), &spec.export_to, Rules::ServiceEntry, report);
}

fn port_name(port: &ServicePort) -> &str {
    port.name.as_deref().unwrap_or_default()
}

fn protocol(port: &ServicePort) -> Option<Protocol> {
    Protocol::parse(port.protocol.as_deref().unwrap_or_default())
}

fn hosts(at: &At<'_>, spec: &ServiceEntry, report: &mut Report) {
    if spec.hosts.is_empty() {
        report.refuse(at, "a ServiceEntry needs a host");
    }
    for (index, host) in spec.hosts.iter().enumerate() {
        let at = at.item("hosts", index);
        if host == "*" {
            report.refuse(&at, "a service cannot be every host (`*`)");
            continue;
        }
        report.check(&at, names::wildcard_host_name(host));
        if let Err(message) = names::whole_wildcard(host) {
            report.warn(&at, message);
        }
    }
}

fn addresses(at: &At<'_>, spec: &ServiceEntry, resolution: Resolution, report: &mut Report) {
    for (index, address) in spec.addresses.iter().enumerate() {
        report.check(&at.item("addresses", index), address::subnet(address));
    }
    let blocks = spec.addresses.iter().any(|address| address.contains('/'));
    if blocks && !matches!(resolution, Resolution::None | Resolution::Static) {
        report.refuse(&at.field("addresses"), "blocks of addresses need the resolution `NONE` or `STATIC`");
    }
}

fn service_ports(at: &At<'_>, ports: &[ServicePort], without_address: bool, report: &mut Report) {
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for (index, port) in ports.iter().enumerate() {
        let at = at.item("ports", index);
        let number = port.number.unwrap_or_default();
        if !names.insert(port_name(port)) {
            report.refuse(&at.field("name"), format!("two ports are called `{}`", port_name(port)));
        }
        if !numbers.insert(number) {
            report.refuse(&at.field("number"), format!("two ports have the number {number}"));
        }
        ports::optional_number(&at.field("targetPort"), port.target_port, report);
        if without_address && matches!(port.protocol.as_deref().unwrap_or_default(), "" | "TCP") {
            report
                .warn(&at, "a port for TCP needs `addresses`, since no address is allocated to the service");
        }
        ports::name(&at.field("name"), port_name(port), report);
        ports::protocol(&at.field("protocol"), port.protocol.as_deref().unwrap_or_default(), report);
        ports::number(&at.field("number"), port.number, report);
    }
}

fn none(at: &At<'_>, spec: &ServiceEntry, report: &mut Report) {
    if !spec.endpoints.is_empty() {
        report.refuse(&at.field("endpoints"), "the resolution `NONE` has no endpoints");
    }
    if spec.workload_selector.is_some() {
        report.warn(&at.field("workloadSelector"), "the resolution `NONE` selects no workloads");
    }
}

fn dns(
    at: &At<'_>,
    spec: &ServiceEntry,
    resolution: Resolution,
    port_names: &BTreeSet<&str>,
    report: &mut Report,
) {
    if spec.endpoints.is_empty() {
        for (index, host) in spec.hosts.iter().enumerate() {
            if names::host_name(host).is_err() {
                let at = at.item("hosts", index);
                report.refuse(
                    &at,
                    format!("`{host}` cannot be looked up: without endpoints, DNS needs whole names"),
                );
            }
        }
    }
    if resolution == Resolution::DnsRoundRobin && spec.endpoints.len() > 1 {
        report.refuse(&at.field("endpoints"), "the resolution `DNS_ROUND_ROBIN` has at most one endpoint");
    }
    for (index, endpoint) in spec.endpoints.iter().enumerate() {
        let at = at.item("endpoints", index);
        let WorkloadEntry { address, ports, labels, .. } = endpoint;
        let address = address.as_deref().unwrap_or_default();
        if !address::is_ip(address) && names::host_name(address).is_err() {
            report.refuse(&at, format!("`{address}` is neither a host name nor an IP address"));
        }
        labels::check(&at.field("labels"), labels, report);
        workload_entry::ports(&at, ports, Some(port_names), report);
    }
    let tcp = spec.ports.iter().any(|port| protocol(port).is_some_and(Protocol::is_tcp));
    if !spec.addresses.is_empty() && spec.hosts.len() > 1 && tcp {
        report.warn(&at.field("hosts"), "several hosts share the addresses, which TCP cannot tell apart");
    }
}

fn dynamic_dns(at: &At<'_>, spec: &ServiceEntry, report: &mut Report) {
    for (index, host) in spec.hosts.iter().enumerate().filter(|(_, host)| !host.starts_with('*')) {
        report
            .refuse(&at.item("hosts", index), format!("`{host}` is no wildcard, which `DYNAMIC_DNS` needs"));
    }
    if !spec.endpoints.is_empty() {
        report.refuse(&at.field("endpoints"), "the resolution `DYNAMIC_DNS` has no endpoints");
    }
    if spec.workload_selector.is_some() {
        report.refuse(&at.field("workloadSelector"), "the resolution `DYNAMIC_DNS` selects no workloads");
    }
    for (index, port) in spec.ports.iter().enumerate() {
        let fits = matches!(
            protocol(port),
            Some(Protocol::Http | Protocol::Http2 | Protocol::Grpc | Protocol::GrpcWeb | Protocol::Tls)
        );
        if !fits {
            report.refuse(
                &at.item("ports", index),
                "the resolution `DYNAMIC_DNS` needs the protocol HTTP, HTTP2, GRPC or TLS",
            );
        }
    }
}

/// Plain TCP cannot tell hosts apart, unless the address that was asked for is kept.
fn one_host_for_tcp(at: &At<'_>, spec: &ServiceEntry, resolution: Resolution, report: &mut Report) {
    let apart =
        |port: &ServicePort| protocol(port).is_some_and(|protocol| protocol.is_http() || protocol.is_tls());
    if resolution != Resolution::None && spec.hosts.len() > 1 && !spec.ports.iter().all(apart) {
        report.refuse(
            &at.field("hosts"),
            "several hosts need ports for HTTP or TLS, since TCP cannot tell them apart",
        );
    }
}
