//! Services that a gateway can lead to, for meshes that ask to give gateways nothing else
//! (`PILOT_FILTER_GATEWAY_CLUSTER_CONFIG`, translation-spec §3.1).

use std::collections::BTreeSet;

use meshc_api::istio::{ServerTlsMode, VirtualService};
use meshc_api::mesh_config::ExtensionProvider;
use meshc_plan::UpstreamName;

use crate::context::ProxyContext;

/// Whether a gateway gets an upstream of a service. All of them unless the flag is set; a gateway that passes mTLS on by its
/// server name may be asked for any.
pub(crate) fn wanted(cx: &ProxyContext<'_>) -> impl Fn(&UpstreamName) -> bool {
    let gateways = cx.mesh.gateways_for(cx.workload);
    let by_sni = gateways
        .iter()
        .flat_map(|gateway| &gateway.spec.servers)
        .any(|server| server.tls.as_ref().and_then(|tls| tls.mode) == Some(ServerTlsMode::AutoPassthrough));
    let hosts = (cx.mesh.features.filter_gateway_cluster_config && !by_sni).then(|| {
        let names = gateways.iter().map(|gateway| format!("{}/{}", gateway.namespace(), gateway.name()));
        let bound = names.flat_map(|name| cx.mesh.gateway_virtual_services(cx.workload, &name));
        let mut hosts: BTreeSet<String> = bound.flat_map(|object| destinations(&object.spec)).collect();
        let providers = &cx.mesh.config.extension_providers;
        hosts.extend(providers.iter().flat_map(services).map(str::to_owned));
        hosts
    });
    move |name| match (name, &hosts) {
        (UpstreamName::Outbound { host, .. }, Some(hosts)) => hosts.contains(host),
        _ => true,
    }
}

/// Hosts that rules of a VirtualService forward or mirror to.
fn destinations(spec: &VirtualService) -> BTreeSet<String> {
    let forwarded =
        spec.http.iter().flat_map(|rule| rule.route.iter().map(|route| route.destination.as_ref()));
    let mirrored = spec.http.iter().flat_map(|rule| {
        let several = rule.mirrors.iter().map(|mirror| mirror.destination.as_ref());
        std::iter::once(rule.mirror.as_ref()).chain(several)
    });
    let tcp = spec.tcp.iter().flat_map(|rule| rule.route.iter().map(|route| route.destination.as_ref()));
    let tls = spec.tls.iter().flat_map(|rule| rule.route.iter().map(|route| route.destination.as_ref()));
    let all = forwarded.chain(mirrored).chain(tcp).chain(tls).flatten();
    all.filter_map(|destination| destination.host.clone()).collect()
}

/// Hosts of the services of a provider, stated as `<host>` or `<namespace>/<host>`.
fn services(provider: &ExtensionProvider) -> impl Iterator<Item = &str> {
    let ExtensionProvider {
        name: _,
        envoy_ext_authz_http,
        envoy_ext_authz_grpc,
        zipkin,
        lightstep,
        datadog,
        stackdriver: _,
        opencensus,
        skywalking,
        opentelemetry,
        prometheus: _,
        envoy_file_access_log: _,
        envoy_http_als,
        envoy_tcp_als,
        envoy_otel_als,
        sds,
    } = provider;
    let stated = [
        envoy_ext_authz_http.as_ref().map(|provider| &provider.service),
        envoy_ext_authz_grpc.as_ref().map(|provider| &provider.service),
        zipkin.as_ref().map(|provider| &provider.service),
        lightstep.as_ref().map(|provider| &provider.service),
        datadog.as_ref().map(|provider| &provider.service),
        opencensus.as_ref().map(|provider| &provider.service),
        skywalking.as_ref().map(|provider| &provider.service),
        opentelemetry.as_ref().map(|provider| &provider.service),
        envoy_http_als.as_ref().map(|provider| &provider.service),
        envoy_tcp_als.as_ref().map(|provider| &provider.service),
        envoy_otel_als.as_ref().map(|provider| &provider.service),
        sds.as_ref().map(|provider| &provider.service),
    ];
    stated.into_iter().flatten().map(|service| service.rsplit('/').next().unwrap_or(service))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_kinds_of_rules_and_mirrors_lead_somewhere() {
        let to = |host: &str| json!([{"destination": {"host": host}}]);
        let spec = json!({
            "hosts": ["*"],
            "http": [{"route": to("http.example"), "mirror": {"host": "mirror.example"}, "mirrors": to("mirrors.example")}],
            "tcp": [{"route": to("tcp.example")}],
            "tls": [{"match": [{"sniHosts": ["s.example"]}], "route": to("tls.example")}],
        });
        let spec: VirtualService = serde_json::from_value(spec).unwrap();
        let hosts: Vec<_> = destinations(&spec).into_iter().collect();
        assert_eq!(
            hosts,
            ["http.example", "mirror.example", "mirrors.example", "tcp.example", "tls.example"]
        );
    }

    #[test]
    fn providers_are_services_by_their_host() {
        let provider =
            json!({"name": "authz", "envoyExtAuthzGrpc": {"service": "ns/authz.example", "port": 1}});
        let provider: ExtensionProvider = serde_json::from_value(provider).unwrap();
        assert_eq!(services(&provider).collect::<Vec<_>>(), ["authz.example"]);
    }
}
