//! What of the providers cannot be used, told once for the mesh.

use meshc_api::mesh_config::{ExtensionProvider, MeshConfig, OutboundTrafficPolicyMode, ProviderHeader};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::Mesh;

use super::provider::{self, NamedService};

/// Reports default providers that do not exist, or that cannot be reached as they are stated.
pub(crate) fn check(mesh: &Mesh, diags: &mut Diagnostics) {
    let config = &mesh.config;
    if let Some(defaults) = &config.default_providers {
        for name in &defaults.access_logging {
            named(config, name, "access logs", takes_logs, diags);
        }
        if let Some(name) = defaults.tracing.first() {
            named(config, name, "traces", takes_traces, diags);
        }
        for name in defaults.tracing.iter().skip(1) {
            let message =
                format!("`defaultProviders.tracing` names `{name}` beside the first one; Istio uses one");
            diags.push(
                Diagnostic::new(&codes::UNUSABLE_SETTING, message)
                    .consequence("no proxy sends spans there")
                    .help("name one provider"),
            );
        }
    }
    for provider in provider::in_use(config) {
        for service in provider::services(provider) {
            reachable(mesh, provider, service, diags);
        }
        for header in headers(provider).iter().filter(|header| header.value.is_none()) {
            diags.push(header_of_environment(provider, header));
        }
    }
    outbound_tls(config, diags);
}

/// What `outboundTrafficPolicy.tls` lacks.
fn outbound_tls(config: &MeshConfig, diags: &mut Diagnostics) {
    let Some(policy) = &config.outbound_traffic_policy else { return };
    if policy.tls.is_none() || policy.mode == OutboundTrafficPolicyMode::AllowAnyDynamicDns {
        return;
    }
    let message = "`outboundTrafficPolicy.tls` has no effect: only mode ALLOW_ANY_DYNAMIC_DNS resolves hosts";
    diags.push(
        Diagnostic::new(&codes::UNUSABLE_SETTING, message)
            .consequence("traffic to unknown destinations goes on as the application sent it")
            .help("state mode ALLOW_ANY_DYNAMIC_DNS, or a ServiceEntry with a DestinationRule for each host"),
    );
}

fn takes_logs(provider: &ExtensionProvider) -> bool {
    provider.envoy_file_access_log.is_some()
        || provider.envoy_http_als.is_some()
        || provider.envoy_tcp_als.is_some()
        || provider.envoy_otel_als.is_some()
}

fn takes_traces(provider: &ExtensionProvider) -> bool {
    provider.zipkin.is_some()
        || provider.datadog.is_some()
        || provider.skywalking.is_some()
        || provider.opentelemetry.is_some()
}

fn named(
    config: &MeshConfig,
    name: &str,
    what: &str,
    takes: fn(&ExtensionProvider) -> bool,
    diags: &mut Diagnostics,
) {
    let problem = match provider::named(config, name) {
        None => "`extensionProviders` has none of this name",
        Some(provider) if !takes(provider) => "the provider of this name is of another kind",
        Some(_) => return,
    };
    let message = format!("`defaultProviders` names `{name}` for {what}, but {problem}");
    let consequence = match what {
        "traces" => "proxies make no spans",
        _ => "nothing is logged there; without any other provider `accessLogFile` counts",
    };
    diags.push(Diagnostic::new(&codes::UNKNOWN_PROVIDER, message).consequence(consequence));
}

fn reachable(mesh: &Mesh, provider: &ExtensionProvider, named: NamedService<'_>, diags: &mut Diagnostics) {
    let NamedService { service, port, grpc } = named;
    let name = &provider.name;
    let Some(found) = mesh.service_of_provider(service) else {
        let message =
            format!("provider `{name}` names the service `{service}`, which is not in the mesh once");
        diags.push(
            Diagnostic::new(&codes::UNKNOWN_PROVIDER, message)
                .consequence("no proxy reports to it")
                .help("write `<namespace>/<host>` of a Service or ServiceEntry in the tree"),
        );
        return;
    };
    match found.ports.iter().find(|known| u32::from(known.number) == port) {
        None => {
            let message =
                format!("provider `{name}` names port {port} of {}, which does not exist", found.host());
            diags.push(
                Diagnostic::new(&codes::UNKNOWN_PROVIDER, message)
                    .consequence("what proxies report is lost")
                    .help("name a port of the service"),
            );
        }
        Some(known) if grpc && !known.protocol.is_http2() => {
            let message = format!(
                "provider `{name}` takes gRPC on port {port} of {}, which is not declared as gRPC or HTTP/2",
                found.host()
            );
            diags.push(
                Diagnostic::new(&codes::UNUSABLE_SETTING, message)
                    .consequence("proxies speak HTTP/1.1 to it, so that what they report is lost")
                    .help("name the port `grpc-…`, or state `appProtocol: grpc`"),
            );
        }
        Some(_) => {}
    }
}

fn headers(provider: &ExtensionProvider) -> Vec<&ProviderHeader> {
    let zipkin = provider.zipkin.iter().flat_map(|zipkin| &zipkin.headers);
    let open_telemetry = provider.opentelemetry.iter().flat_map(|tracer| {
        let http = tracer.http.iter().flat_map(|http| &http.headers);
        http.chain(tracer.grpc.iter().flat_map(|grpc| &grpc.initial_metadata))
    });
    zipkin.chain(open_telemetry).collect()
}

fn header_of_environment(provider: &ExtensionProvider, header: &ProviderHeader) -> Diagnostic {
    let message = format!(
        "provider `{}` takes the header `{}` from the environment of istiod, which does not run",
        provider.name, header.name
    );
    Diagnostic::new(&codes::UNUSABLE_SETTING, message)
        .consequence("proxies report without the header")
        .help("state `value`")
}
