//! What istiod refuses of a mesh configuration although it has the form of one.

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::Document;

use super::read::ISTIOD;
use super::{ExtensionProvider, MeshConfig};
use crate::Duration;

/// Whether the rules hold for a configuration; the document is its last layer, in which findings have their place.
pub(super) fn hold(mesh: &MeshConfig, over: &Document, findings: &mut Diagnostics) -> bool {
    let mut broken = Vec::new();
    ports(mesh, &mut broken);
    let bounds = (Duration::from_millis(1), Duration::from_secs(3600));
    if mesh.connect_timeout.is_some_and(|timeout| timeout < bounds.0 || timeout > bounds.1) {
        broken.push(("connectTimeout".to_owned(), "must be between 1 ms and 1 h".to_owned()));
    }
    if mesh.trust_domain.is_empty() {
        broken.push(("trustDomain".to_owned(), "must not be empty".to_owned()));
    }
    let providers: Vec<ExtensionProvider> =
        over.deserialize_at("extensionProviders").ok().flatten().unwrap_or_default();
    for (index, provider) in providers.iter().enumerate() {
        broken.extend(provider_faults(provider).map(|fault| (format!("extensionProviders[{index}]"), fault)));
    }
    for (path, message) in &broken {
        let mut finding = Diagnostic::new(&codes::INVALID_VALUE, format!("`{path}` {message}"))
            .at(over.span(path), "")
            .consequence(ISTIOD.refused);
        finding.path = Some(path.clone());
        findings.push(finding);
    }
    broken.is_empty()
}

fn ports(mesh: &MeshConfig, broken: &mut Vec<(String, String)>) {
    let needed = [
        ("proxyListenPort", mesh.proxy_listen_port),
        ("proxyInboundListenPort", mesh.proxy_inbound_listen_port),
        ("defaultConfig.proxyAdminPort", mesh.default_config.proxy_admin_port),
        ("defaultConfig.statusPort", mesh.default_config.status_port),
    ];
    for (path, port) in needed.into_iter().filter(|(_, port)| !(1..=65_535).contains(port)) {
        broken.push((path.to_owned(), format!("cannot be {port}: a port is between 1 and 65535")));
    }
    if !(0..=65_535).contains(&mesh.proxy_http_port) {
        broken.push(("proxyHttpPort".to_owned(), "must be a port, or 0 for none".to_owned()));
    }
}

fn provider_faults(provider: &ExtensionProvider) -> impl Iterator<Item = String> {
    let services = [
        provider.envoy_ext_authz_http.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.envoy_ext_authz_grpc.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.zipkin.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.lightstep.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.datadog.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.opencensus.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.skywalking.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.opentelemetry.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.envoy_http_als.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.envoy_tcp_als.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.envoy_otel_als.as_ref().map(|kind| (&kind.service, kind.port)),
        provider.sds.as_ref().map(|kind| (&kind.service, kind.port)),
    ];
    let without_service = [
        provider.stackdriver.is_some(),
        provider.prometheus.is_some(),
        provider.envoy_file_access_log.is_some(),
    ];
    let chosen =
        services.iter().flatten().count() + without_service.iter().filter(|is_chosen| **is_chosen).count();
    let mut faults = Vec::new();
    if provider.name.is_empty() {
        faults.push("must have a name".to_owned());
    }
    if chosen != 1 {
        faults.push(format!("must state exactly one kind of provider, not {chosen}"));
    }
    for (service, port) in services.into_iter().flatten() {
        if service.is_empty() {
            faults.push("must name a `service`".to_owned());
        }
        if !(1..=65_535).contains(&port) {
            faults.push(format!("cannot have the port {port}: a port is between 1 and 65535"));
        }
    }
    faults.into_iter()
}
