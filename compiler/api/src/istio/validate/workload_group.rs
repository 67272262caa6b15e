//! What the webhook refuses of a WorkloadGroup.

use super::{address, headers, labels, metadata, ports, string_match};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{HttpHealthCheckConfig, ReadinessProbe, WorkloadEntry, WorkloadGroup};

/// All rules about a WorkloadGroup.
pub(in crate::istio) fn admit(object: &Resource<WorkloadGroup>, report: &mut Report) {
    let at = At::SPEC;
    let WorkloadGroup { metadata, template, probe } = &object.spec;
    metadata::check(object, report);
    match template {
        None => report.refuse(&at, "a `template` is required"),
        Some(template) => self::template(&at.field("template"), template, report),
    }
    if let Some(metadata) = metadata {
        labels::check(&at.field("metadata").field("labels"), &metadata.labels, report);
    }
    if let Some(probe) = probe {
        self::probe(&at.field("probe"), probe, report);
    }
}

/// The webhook does not look into the template; the published CRD does.
fn template(at: &At<'_>, template: &WorkloadEntry, report: &mut Report) {
    if let Some(path) = template.address.as_deref().and_then(|text| text.strip_prefix(address::UNIX_PREFIX)) {
        if let Err(message) = address::unix_path(path) {
            report.refuse_in_schema(&at.field("address"), message);
        }
        if !template.ports.is_empty() {
            report.refuse_in_schema(&at.field("ports"), "a unix domain socket has no ports");
        }
    }
    for (name, number) in &template.ports {
        if !(1..=65535).contains(number) {
            let at = at.field("ports");
            report.refuse_in_schema(
                &at.field(name),
                format!("port number {number} is not between 1 and 65535"),
            );
        }
    }
}

fn probe(at: &At<'_>, probe: &ReadinessProbe, report: &mut Report) {
    let numbers = [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ];
    for (field, _) in numbers.iter().filter(|(_, number)| number.is_some_and(|number| number < 0)) {
        report.refuse(&at.field(field), format!("`{field}` must not be negative"));
    }
    let methods = [
        ("httpGet", probe.http_get.is_some()),
        ("tcpSocket", probe.tcp_socket.is_some()),
        ("exec", probe.exec.is_some()),
        ("grpc", probe.grpc.is_some()),
    ];
    string_match::at_most_one(at, methods, report);
    if methods.iter().all(|(_, set)| !set) {
        report.refuse(at, "a probe needs `httpGet`, `tcpSocket`, `exec` or `grpc`");
    }
    if let Some(check) = &probe.http_get {
        http_get(&at.field("httpGet"), check, report);
    }
    if let Some(check) = &probe.tcp_socket {
        ports::number(&at.field("tcpSocket").field("port"), check.port, report);
    }
    if probe.exec.as_ref().is_some_and(|check| check.command.is_empty()) {
        report.refuse(&at.field("exec"), "a `command` is required");
    }
    if let Some(check) = &probe.grpc {
        ports::number(&at.field("grpc").field("port"), check.port, report);
    }
}

fn http_get(at: &At<'_>, check: &HttpHealthCheckConfig, report: &mut Report) {
    ports::number(&at.field("port"), check.port, report);
    if let Some(scheme) = check.scheme.as_deref().filter(|scheme| !matches!(*scheme, "" | "HTTP" | "HTTPS")) {
        report.refuse(&at.field("scheme"), format!("`{scheme}` is neither `HTTP` nor `HTTPS`"));
    }
    for (index, header) in check.http_headers.iter().enumerate() {
        report
            .check(&at.item("httpHeaders", index), headers::name(header.name.as_deref().unwrap_or_default()));
    }
}
