//! What the webhook refuses of a WorkloadEntry, alone or inside a ServiceEntry.

use std::collections::{BTreeMap, BTreeSet};

use super::{address, labels, metadata, names};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::WorkloadEntry;

/// All rules about a WorkloadEntry.
pub(in crate::istio) fn admit(object: &Resource<WorkloadEntry>, report: &mut Report) {
    metadata::check(object, report);
    check(&At::SPEC, &object.spec, None, true, report);
}

/// An endpoint of a ServiceEntry with fixed endpoints, with the names of the ports that it may state.
pub(super) fn endpoint(at: &At<'_>, entry: &WorkloadEntry, port_names: &BTreeSet<&str>, report: &mut Report) {
    check(at, entry, Some(port_names), false, report);
}

fn check(
    at: &At<'_>,
    entry: &WorkloadEntry,
    port_names: Option<&BTreeSet<&str>>,
    host_names: bool,
    report: &mut Report,
) {
    let text = entry.address.as_deref().unwrap_or_default();
    if text.is_empty() {
        match entry.network.as_deref().unwrap_or_default() {
            "" => return report.refuse(at, "an `address` is required"),
            network => {
                report.warn(at, format!("without `address`, the entry is only reached through `{network}`"))
            }
        }
    }
    if let Some(path) = text.strip_prefix(address::UNIX_PREFIX) {
        report.check(&at.field("address"), address::unix_path(path));
        if !entry.ports.is_empty() {
            report.refuse(&at.field("ports"), "a unix domain socket has no ports");
        }
        if port_names.is_some_and(|names| names.len() != 1) {
            report.refuse(at, "a service at a unix domain socket has exactly one port");
        }
    } else if !text.is_empty() && !address::is_ip(text) {
        let at = at.field("address");
        if !host_names {
            report.refuse(&at, format!("`{text}` is not an IP address"));
        } else if names::host_name(text).is_err() {
            report.refuse(&at, format!("`{text}` is neither a host name nor an IP address"));
        }
    }
    ports(at, &entry.ports, port_names, report);
    labels::check(&at.field("labels"), &entry.labels, report);
}

/// Ports with names that the service has, if it is known.
pub(super) fn ports(
    at: &At<'_>,
    ports: &BTreeMap<String, u32>,
    port_names: Option<&BTreeSet<&str>>,
    report: &mut Report,
) {
    let at = at.field("ports");
    for (name, number) in ports {
        let at = at.field(name);
        if port_names.is_some_and(|names| !names.contains(name.as_str())) {
            report.refuse(&at, format!("the service has no port called `{name}`"));
        }
        super::ports::name(&at, name, report);
        super::ports::number(&at, Some(*number), report);
    }
}
