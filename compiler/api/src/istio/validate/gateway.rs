//! What the webhook refuses of a Gateway.

use std::collections::BTreeSet;

use super::ports::Protocol;
use super::{address, metadata, names, namespace_host, ports, server_tls};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{Gateway, Port, Server, ServerTlsMode, ServerTlsSettings};

/// Marks an object that was made from a Gateway of the Gateway API.
const GATEWAY_SEMANTICS: &str = "internal.istio.io/gateway-semantics";

/// All rules about a Gateway.
pub(in crate::istio) fn admit(object: &Resource<Gateway>, report: &mut Report) {
    let at = At::SPEC;
    let gateway_api = object.meta.annotations.get(GATEWAY_SEMANTICS).is_some_and(|value| value == "gateway");
    metadata::check(object, report);
    if !gateway_api && !names::is_label(object.name()) {
        let name = object.name();
        report.refuse(
            &At::METADATA.field("name"),
            format!("`{name}` is not the name of a Gateway: it has a dot"),
        );
    }
    if object.spec.servers.is_empty() {
        report.refuse(&at, "a Gateway needs a server");
    }
    let mut seen = BTreeSet::new();
    for (index, server) in object.spec.servers.iter().enumerate() {
        let at = at.item("servers", index);
        self::server(&at, server, gateway_api, report);
        if let Some(port) = &server.port {
            let name = port.name.as_deref().unwrap_or_default();
            if !seen.insert(name) {
                report.refuse(&at.field("port").field("name"), format!("two ports are called `{name}`"));
            }
        }
    }
}

fn server(at: &At<'_>, server: &Server, gateway_api: bool, report: &mut Report) {
    let Server { port, bind, hosts, tls, default_endpoint: _, name: _ } = server;
    if hosts.is_empty() {
        report.refuse(at, "a server needs a host");
    }
    for (index, host) in hosts.iter().enumerate() {
        namespace_host::of_gateway(&at.item("hosts", index), host, gateway_api, report);
    }
    let bind = bind.as_deref().unwrap_or_default();
    let protocol = port.as_ref().and_then(|port| self::port(&at.field("port"), port, bind, report));
    if port.is_none() {
        report.refuse(at, "a server needs a `port`");
    }
    self::bind(at, port.as_ref(), bind, report);
    server_tls::check(&at.field("tls"), tls.as_ref(), report);
    if let Some(protocol) = protocol {
        fits(at, protocol, tls.as_ref(), report);
    }
}

/// The protocol, unless it or another part of the port is wrong.
fn port(at: &At<'_>, port: &Port, bind: &str, report: &mut Report) -> Option<Protocol> {
    let Port { number, protocol, name, target_port } = port;
    let before = report.objections().len();
    let known = Protocol::parse(protocol.as_deref().unwrap_or_default());
    if known.is_none() {
        let protocol = protocol.as_deref().unwrap_or_default();
        report.refuse(&at.field("protocol"), format!("`{protocol}` is not a protocol that Istio knows"));
    }
    if number.unwrap_or_default() > 0 || !bind.starts_with(address::UNIX_PREFIX) {
        ports::number(&at.field("number"), *number, report);
    }
    if target_port.unwrap_or_default() > 0 {
        report.refuse(&at.field("targetPort"), "`targetPort` has no effect on Gateways");
    }
    if name.as_deref().unwrap_or_default().is_empty() {
        report.refuse(at, "a port needs a `name`");
    }
    known.filter(|_| report.objections().len() == before)
}

fn bind(at: &At<'_>, port: Option<&Port>, bind: &str, report: &mut Report) {
    if let Some(path) = bind.strip_prefix(address::UNIX_PREFIX) {
        report.check(&at.field("bind"), address::unix_path(path));
        if port.is_some_and(|port| port.number.unwrap_or_default() != 0) {
            report.refuse(&at.field("port").field("number"), "the port of a unix domain socket must be 0");
        }
    } else if !bind.is_empty() {
        report.check(&at.field("bind"), address::ip(bind));
    }
}

/// TLS where the protocol needs it, and only there; HTTP may redirect to HTTPS.
fn fits(at: &At<'_>, protocol: Protocol, tls: Option<&ServerTlsSettings>, report: &mut Report) {
    match tls {
        None if protocol.is_tls() => report.refuse(at, "a server for HTTPS or TLS needs `tls`"),
        Some(_) if protocol.is_tls() => {}
        Some(tls) if protocol.is_http() => {
            let passthrough =
                matches!(tls.mode, None | Some(ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough));
            let files = [&tls.ca_certificates, &tls.private_key, &tls.server_certificate];
            if !passthrough || files.into_iter().flatten().any(|file| !file.is_empty()) {
                report.refuse(
                    &at.field("tls"),
                    "a server for plain HTTP cannot have TLS, only `httpsRedirect`",
                );
            }
        }
        Some(_) => report.refuse(&at.field("tls"), "only servers for HTTPS and TLS can have `tls`"),
        None => {}
    }
    if !protocol.is_http() && tls.is_some_and(|tls| tls.https_redirect == Some(true)) {
        report.warn(&at.field("tls").field("httpsRedirect"), "only servers for HTTP can redirect to HTTPS");
    }
}
