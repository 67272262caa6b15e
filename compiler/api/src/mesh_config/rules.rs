//! What istiod refuses of a mesh configuration although it has the form of one.

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::Document;

use super::read::ISTIOD;
use super::{ExtensionProvider, MeshConfig, MeshNetworks};
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
    report(&broken, over, findings)
}

/// Whether the rules hold for networks: each statement about endpoints and each gateway says one thing.
pub(super) fn networks_hold(
    networks: &MeshNetworks,
    document: &Document,
    findings: &mut Diagnostics,
) -> bool {
    let mut broken = Vec::new();
    for (name, network) in &networks.networks {
        for (index, endpoints) in network.endpoints.iter().enumerate() {
            let path = format!("networks[\"{name}\"].endpoints[{index}]");
            match (endpoints.from_cidr.as_str(), endpoints.from_registry.as_str()) {
                ("", "") => broken.push((path, "must state `fromCidr` or `fromRegistry`".to_owned())),
                (cidr, "") if !is_block(cidr) => {
                    broken.push((path, format!("has the block `{cidr}`, which is none, as `10.0.0.0/8` is")));
                }
                (_, "") | ("", _) => {}
                _ => broken.push((path, "cannot state both `fromCidr` and `fromRegistry`".to_owned())),
            }
        }
        for (index, gateway) in network.gateways.iter().enumerate() {
            let path = format!("networks[\"{name}\"].gateways[{index}]");
            if gateway.address.is_empty() == gateway.registry_service_name.is_empty() {
                let message = "must state either `address` or `registryServiceName`".to_owned();
                broken.push((path.clone(), message));
            }
            if !(1..=65_535).contains(&gateway.port) {
                broken.push((
                    path,
                    format!("cannot have the port {}: it is between 1 and 65535", gateway.port),
                ));
            }
        }
    }
    report(&broken, document, findings)
}

/// Whether a text is a block of addresses, such as `10.0.0.0/8`.
fn is_block(text: &str) -> bool {
    let Some((address, prefix)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    prefix.parse::<u8>().is_ok_and(|prefix| prefix <= if address.is_ipv4() { 32 } else { 128 })
}

fn report(broken: &[(String, String)], document: &Document, findings: &mut Diagnostics) -> bool {
    for (path, message) in broken {
        let mut finding = Diagnostic::new(&codes::INVALID_VALUE, format!("`{path}` {message}"))
            .at(document.span(path), "")
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
