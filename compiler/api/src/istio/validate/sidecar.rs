//! What the webhook refuses of a Sidecar.

use std::collections::BTreeSet;

use super::ports::Protocol;
use super::{
    address, connection_pool, destination, metadata, names, ports, selectors, server_tls, sidecar_hosts,
};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{
    CaptureMode, IstioEgressListener, IstioIngressListener, OutboundTrafficPolicy, OutboundTrafficPolicyMode,
    ServerTlsMode, ServerTlsSettings, Sidecar, SidecarPort,
};

/// All rules about a Sidecar.
pub(in crate::istio) fn admit(object: &Resource<Sidecar>, report: &mut Report) {
    let at = At::SPEC;
    let Sidecar { workload_selector, ingress, egress, inbound_connection_pool, outbound_traffic_policy } =
        &object.spec;
    metadata::check(object, report);
    selectors::workload(&at, workload_selector.as_ref(), report);
    let empty = ingress.is_empty() && egress.is_empty();
    if empty && inbound_connection_pool.is_none() && outbound_traffic_policy.is_none() {
        report.refuse(
            &at,
            "a Sidecar needs `ingress`, `egress`, `outboundTrafficPolicy` or `inboundConnectionPool`",
        );
    }
    inbound(&at, ingress, report);
    connection_pool::check(&at.field("inboundConnectionPool"), inbound_connection_pool.as_ref(), report);
    outbound(&at, egress, object.namespace(), report);
    if let Some(policy) = outbound_traffic_policy {
        traffic_policy(&at.field("outboundTrafficPolicy"), policy, report);
    }
}

fn inbound(at: &At<'_>, listeners: &[IstioIngressListener], report: &mut Report) {
    let mut numbers = BTreeSet::new();
    for (index, listener) in listeners.iter().enumerate() {
        let at = at.item("ingress", index);
        let Some(port) = &listener.port else {
            report.refuse(&at, "an inbound listener needs a `port`");
            continue;
        };
        self::port(&at.field("port"), port, report);
        ports::number(&at.field("port").field("number"), port.number, report);
        if let Some(bind) = listener.bind.as_deref().filter(|bind| !bind.is_empty()) {
            report.check(&at.field("bind"), address::ip(bind));
        }
        if !numbers.insert(port.number.unwrap_or_default()) {
            report.refuse(&at.field("port").field("number"), "two inbound listeners have this port");
        }
        if let Some(endpoint) = listener.default_endpoint.as_deref().filter(|endpoint| !endpoint.is_empty()) {
            report.check(&at.field("defaultEndpoint"), default_endpoint(endpoint));
        }
        let protocol = Protocol::parse(port.protocol.as_deref().unwrap_or_default());
        if let Some(tls) = &listener.tls {
            self::tls(&at.field("tls"), tls, protocol, report);
        }
        let pool = listener.connection_pool.as_ref();
        connection_pool::check(&at.field("connectionPool"), pool, report);
        if pool.is_some_and(|pool| pool.http.is_some()) && !protocol.is_some_and(Protocol::is_http) {
            report.warn(
                &at.field("connectionPool").field("http"),
                "the port is not for HTTP, so only the limits of TCP apply",
            );
        }
    }
}

/// What ports of inbound and outbound listeners have in common.
fn port(at: &At<'_>, port: &SidecarPort, report: &mut Report) {
    let SidecarPort { number: _, protocol, name, target_port } = port;
    if target_port.unwrap_or_default() > 0 {
        report.refuse(&at.field("targetPort"), "`targetPort` has no effect on Sidecars");
    }
    if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
        ports::name(&at.field("name"), name, report);
    }
    ports::protocol(&at.field("protocol"), protocol.as_deref().unwrap_or_default(), report);
}

/// The application: on the pod itself, or behind a Unix domain socket.
fn default_endpoint(endpoint: &str) -> Result<(), String> {
    if let Some(path) = endpoint.strip_prefix(address::UNIX_PREFIX) {
        return address::unix_path(path);
    }
    let (host, port) = endpoint.rsplit_once(':').unwrap_or((endpoint, ""));
    if !matches!(host, "" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "[::]") {
        return Err(format!(
            "`{endpoint}` is not on the pod: use 127.0.0.1:port, 0.0.0.0:port, [::1]:port, [::]:port or unix:///path"
        ));
    }
    match port.parse::<u32>() {
        Ok(1..=65535) => Ok(()),
        _ => Err(format!("`{endpoint}` has no port between 1 and 65535")),
    }
}

fn tls(at: &At<'_>, tls: &ServerTlsSettings, protocol: Option<Protocol>, report: &mut Report) {
    let unsupported = [
        ("subjectAltNames", !tls.subject_alt_names.is_empty()),
        ("httpsRedirect", tls.https_redirect == Some(true)),
        ("credentialName", tls.credential_name.as_deref().is_some_and(|name| !name.is_empty())),
        ("credentialNames", !tls.credential_names.is_empty()),
        ("tlsCertificates", !tls.tls_certificates.is_empty()),
    ];
    for (field, _) in unsupported.iter().filter(|(_, set)| *set) {
        report.refuse(&at.field(field), format!("a sidecar does not support `{field}`"));
    }
    if matches!(tls.mode, Some(ServerTlsMode::IstioMutual | ServerTlsMode::AutoPassthrough)) {
        report.refuse(&at.field("mode"), "a sidecar terminates TLS with its own certificates only");
    }
    if !protocol.is_some_and(Protocol::is_tls) {
        report.refuse(at, "only ports for HTTPS and TLS can have `tls`");
    }
    server_tls::check(at, Some(tls), report);
}

fn outbound(at: &At<'_>, listeners: &[IstioEgressListener], namespace: &str, report: &mut Report) {
    let (mut numbers, mut sockets) = (BTreeSet::new(), BTreeSet::new());
    for (index, listener) in listeners.iter().enumerate() {
        let at = at.item("egress", index);
        match &listener.port {
            None if index + 1 < listeners.len() => {
                report
                    .refuse(&at, "a listener without `port` takes all other traffic, so it must be the last");
            }
            None => {}
            Some(port) => {
                let bind = listener.bind.as_deref().unwrap_or_default();
                outbound_port(&at, port, bind, listener.capture_mode, report);
                let number = port.number.unwrap_or_default();
                let unique = if number == 0 { sockets.insert(bind) } else { numbers.insert(number) };
                if !unique {
                    report.refuse(&at.field("port"), "two outbound listeners have this port or socket");
                }
            }
        }
        sidecar_hosts::check(&at, &listener.hosts, namespace, report);
    }
}

fn outbound_port(
    at: &At<'_>,
    port: &SidecarPort,
    bind: &str,
    mode: Option<CaptureMode>,
    report: &mut Report,
) {
    self::port(&at.field("port"), port, report);
    if port.number.unwrap_or_default() != 0 {
        ports::number(&at.field("port").field("number"), port.number, report);
        if !bind.is_empty() {
            report.check(&at.field("bind"), address::ip(bind));
        }
        return;
    }
    match bind.strip_prefix(address::UNIX_PREFIX) {
        Some(path) => report.check(&at.field("bind"), address::unix_path(path)),
        None => {
            report.refuse(&at.field("port"), "a port with number 0 needs `bind` with a unix domain socket")
        }
    }
    if mode == Some(CaptureMode::Iptables) {
        report.refuse(&at.field("captureMode"), "connections to a unix domain socket cannot be captured");
    }
}

fn traffic_policy(at: &At<'_>, policy: &OutboundTrafficPolicy, report: &mut Report) {
    let OutboundTrafficPolicy { mode, egress_proxy } = policy;
    let Some(proxy) = egress_proxy else { return };
    let at = at.field("egressProxy");
    if *mode != Some(OutboundTrafficPolicyMode::AllowAny) {
        return report.refuse(&at, "only the mode `ALLOW_ANY` has an `egressProxy`");
    }
    report.check(&at.field("host"), names::host_name(proxy.host.as_deref().unwrap_or_default()));
    match proxy.port {
        None => report.refuse(&at, "an `egressProxy` needs a `port`"),
        Some(_) => destination::check(&at, proxy, report),
    }
}
