//! Hosts with the namespace that they come from: `namespace/dnsName`.

use super::{address, names};
use crate::admission::{At, Report};

/// A host of a Gateway's server; the namespace may be left out.
pub(super) fn of_gateway(at: &At<'_>, text: &str, gateway_api: bool, report: &mut Report) {
    let Some((namespace, host)) = text.split_once('/') else {
        return host_part(at, text, true, report);
    };
    empty_parts(at, namespace, host, report);
    let nobody = namespace == "~" && gateway_api;
    if !matches!(namespace, "*" | ".") && !nobody && !names::is_label(namespace) {
        report.refuse(at, format!("`{namespace}` is neither `.` nor `*` nor the name of a namespace"));
    }
    host_part(at, host, true, report);
}

/// A host of a Sidecar's egress; `~` stands for no namespace, and in front of one for all but it.
pub(super) fn of_sidecar(at: &At<'_>, text: &str, report: &mut Report) {
    let Some((namespace, host)) = text.split_once('/') else {
        return report.refuse(at, format!("`{text}` is not of the form `namespace/dnsName`"));
    };
    empty_parts(at, namespace, host, report);
    let included = namespace.strip_prefix('~').unwrap_or(namespace);
    let nobody = namespace == "~";
    if !matches!(included, "*" | ".") && !nobody && !names::is_label(included) {
        report
            .refuse(at, format!("`{namespace}` is neither `.` nor `*` nor `~` nor the name of a namespace"));
    }
    host_part(at, host, false, report);
}

fn empty_parts(at: &At<'_>, namespace: &str, host: &str, report: &mut Report) {
    if namespace.is_empty() || host.is_empty() {
        report.refuse(at, "neither the namespace nor the host can be empty");
    }
}

fn host_part(at: &At<'_>, host: &str, addresses: bool, report: &mut Report) {
    if host != "*" && !host.contains('.') && !(addresses && address::is_ip(host)) {
        report.refuse(at, format!("`{host}` is a short name: write the full name of the host"));
    }
    if !(addresses && address::is_ip(host)) {
        report.check(at, names::wildcard_host_name(host));
    }
    report.check(at, names::whole_wildcard(host));
}
