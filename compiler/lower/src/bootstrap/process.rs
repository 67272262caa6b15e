//! What the process of a proxy itself reports to: the legacy tracer, the services of metrics and access logs, statsd
//! (translation-spec §1.8, §1.11).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use meshc_api::istio::{self, ClientTlsSettings};
use meshc_api::mesh_config::{ProxyConfig, RemoteService};
use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};
use meshc_plan::{
    ConnectionPool, Direction, Discovery, DnsFamily, DnsResolution, Endpoint, EndpointAddress, EndpointGroup,
    ProcessTracer, ProcessUpstream, StatsSink, Upstream, UpstreamName, UpstreamProtocol, UpstreamTlsChoice,
};

use crate::context::ProxyContext;
use crate::upstream::{configured_tls, keepalive_of};

/// Time between two look-ups of Zipkin and of other services.
const REFRESH: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(5)];

/// What the process reports to.
pub(super) struct Process {
    /// Sorted by name.
    pub(super) upstreams: Vec<Upstream>,
    pub(super) tracer: Option<ProcessTracer>,
    pub(super) sinks: Vec<StatsSink>,
}

/// A collector, as the configuration states it.
struct Stated<'c> {
    name: ProcessUpstream,
    /// The field, for findings.
    field: &'static str,
    address: &'c str,
    tls: Option<&'c ClientTlsSettings>,
    keepalive: Option<&'c istio::TcpKeepalive>,
    /// Whether it takes gRPC.
    grpc: bool,
}

/// Whether the proxy knows a service for `enableEnvoyAccessLogService`.
pub(crate) fn states_log_service(cx: &ProxyContext<'_>) -> bool {
    let stated = log_service(&cx.workload.proxy_config);
    stated.is_some_and(|stated| upstream(cx, &stated, &mut Diagnostics::new()).is_some())
}

/// What the configuration of a proxy says.
pub(super) fn process(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Process {
    let config = &cx.workload.proxy_config;
    let mut process = Process { upstreams: Vec::new(), tracer: None, sinks: Vec::new() };
    if let Some((stated, tracer)) = tracer(config)
        && let Some(upstream) = upstream(cx, &stated, diags)
    {
        process.upstreams.push(upstream);
        process.tracer = Some(tracer);
    }
    if let Some(stated) = config
        .envoy_metrics_service
        .as_ref()
        .and_then(|service| remote(ProcessUpstream::MetricsService, "envoyMetricsService.address", service))
        && let Some(upstream) = upstream(cx, &stated, diags)
    {
        process.upstreams.push(upstream);
        process.sinks.push(StatsSink::MetricsService);
    }
    process.upstreams.extend(log_service(config).and_then(|stated| upstream(cx, &stated, diags)));
    if cx.mesh.config.enable_envoy_access_log_service && log_service(config).is_none() {
        let message = "`enableEnvoyAccessLogService` is set, but `envoyAccessLogService` names no service";
        diags.push(
            Diagnostic::new(&codes::UNUSABLE_SETTING, message)
                .consequence("nothing is logged to a service")
                .help("state `defaultConfig.envoyAccessLogService.address`"),
        );
    }
    process.sinks.extend(statsd(&config.statsd_udp_address, diags));
    process
}

/// The tracer, if one is stated that Envoy has.
fn tracer(config: &ProxyConfig) -> Option<(Stated<'_>, ProcessTracer)> {
    let tracing = config.tracing.as_ref();
    let stated = |name, field, address| Stated {
        name,
        field,
        address,
        tls: tracing.and_then(|tracing| tracing.tls_settings.as_ref()),
        keepalive: None,
        grpc: false,
    };
    if let Some(zipkin) = tracing.and_then(|tracing| tracing.zipkin.as_ref()) {
        let stated = stated(ProcessUpstream::Zipkin, "tracing.zipkin.address", zipkin.address.as_str());
        return Some((stated, ProcessTracer::Zipkin));
    }
    if let Some(datadog) = tracing.and_then(|tracing| tracing.datadog.as_ref()) {
        let stated = stated(ProcessUpstream::Datadog, "tracing.datadog.address", datadog.address.as_str());
        return Some((stated, ProcessTracer::Datadog));
    }
    let address = Some(config.zipkin_address.as_str()).filter(|address| !address.is_empty())?;
    Some((stated(ProcessUpstream::Zipkin, "zipkinAddress", address), ProcessTracer::Zipkin))
}

fn log_service(config: &ProxyConfig) -> Option<Stated<'_>> {
    let service = config.envoy_access_log_service.as_ref()?;
    remote(ProcessUpstream::AccessLogService, "envoyAccessLogService.address", service)
}

fn remote<'c>(name: ProcessUpstream, field: &'static str, service: &'c RemoteService) -> Option<Stated<'c>> {
    let RemoteService { address, tls_settings, tcp_keepalive } = service;
    (!address.is_empty()).then(|| Stated {
        name,
        field,
        address,
        tls: tls_settings.as_ref(),
        keepalive: tcp_keepalive.as_ref(),
        grpc: true,
    })
}

fn upstream(cx: &ProxyContext<'_>, stated: &Stated<'_>, diags: &mut Diagnostics) -> Option<Upstream> {
    let Stated { name, field, address, tls, keepalive, grpc } = stated;
    let Some((host, port)) = host_and_port(address) else {
        diags.push(no_address(field, address));
        return None;
    };
    let sni = host.parse::<IpAddr>().is_err().then_some(host);
    let tls = match tls.map(|settings| configured_tls(cx, settings, sni, *grpc)) {
        None => UpstreamTlsChoice::None,
        Some(Some(choice)) => choice,
        Some(None) => {
            diags.push(no_certificate(field));
            return None;
        }
    };
    let endpoint = Endpoint {
        address: match host.parse() {
            Ok(ip) => EndpointAddress::Ip(ip, port),
            Err(_) => EndpointAddress::Name(full_name(cx, host), port),
        },
        weight: None,
        health: None,
        mtls: false,
        workload: None,
    };
    let group = EndpointGroup { locality: None, weight: None, priority: 0, endpoints: vec![endpoint] };
    let [zipkin, other] = REFRESH;
    Some(Upstream {
        name: UpstreamName::Process(*name),
        stat_name: None,
        direction: Direction::Outbound,
        discovery: Discovery::StrictDns(vec![group]),
        dns: DnsResolution {
            refresh_rate: if *name == ProcessUpstream::Zipkin { zipkin } else { other },
            family: if cx.workload.is_ipv6() { DnsFamily::V6Only } else { DnsFamily::V4Only },
        },
        connect_timeout: Duration::from_secs(1),
        protocol: if *grpc { UpstreamProtocol::Http2 } else { UpstreamProtocol::Default },
        pool: ConnectionPool {
            tcp_keepalive: keepalive.map(|stated| keepalive_of(&[stated])),
            ..ConnectionPool::default()
        },
        load_balancing: None,
        outlier: None,
        tls,
        proxy_protocol: None,
        metadata_exchange: false,
        bind_source: Vec::new(),
        cleanup_interval: None,
        explicit_common_lb: false,
        services: Vec::new(),
        workload: None,
        config: None,
        subset: None,
        external: false,
        origin: Origin::Default { rule: "the configuration of the proxy states whom it reports to" },
    })
}

/// `host:port`; a variable in it is known to the agent of Istio alone.
fn host_and_port(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port != 0)?;
    (!host.is_empty() && !host.contains(['$', '/'])).then_some((host, port))
}

/// A name without its domain means a Service, as it does inside of a pod.
fn full_name(cx: &ProxyContext<'_>, host: &str) -> String {
    let domain = &cx.mesh.options.domain;
    let namespace = cx.workload.namespace();
    let forms = [
        host.to_owned(),
        format!("{host}.{namespace}.svc.{domain}"),
        format!("{host}.svc.{domain}"),
        format!("{host}.{domain}"),
    ];
    let known = forms.into_iter().find(|name| cx.mesh.service_of_provider(name).is_some());
    match known {
        Some(name) => name,
        // Whatever it is, the resolver of the pod would look for a short name among Services first.
        None => match host.split('.').count() {
            1 => format!("{host}.{namespace}.svc.{domain}"),
            2 => format!("{host}.svc.{domain}"),
            _ if host.ends_with(".svc") => format!("{host}.{domain}"),
            _ => host.to_owned(),
        },
    }
}

fn statsd(address: &str, diags: &mut Diagnostics) -> Option<StatsSink> {
    if address.is_empty() {
        return None;
    }
    let Ok(address) = address.parse::<SocketAddr>() else {
        let message = format!("`statsdUdpAddress` is `{address}`, which is no IP address with a port");
        diags.push(
            Diagnostic::new(&codes::UNUSABLE_SETTING, message)
                .consequence("no proxy sends statistics to statsd: Envoy does not resolve names for it")
                .help("state `<IP>:<port>`, such as the ClusterIP of the Service"),
        );
        return None;
    };
    Some(StatsSink::Statsd(address))
}

fn no_address(field: &str, address: &str) -> Diagnostic {
    let message = format!("`{field}` is `{address}`, which is no host with a port");
    Diagnostic::new(&codes::UNUSABLE_SETTING, message)
        .consequence("no proxy reports there")
        .help("state `<host>:<port>`; variables such as `$(HOST_IP)` are filled in by Istio's agent, which does not run")
}

fn no_certificate(field: &str) -> Diagnostic {
    let message = format!(
        "`tlsSettings` beside `{field}` have mode MUTUAL without `clientCertificate` and `privateKey`"
    );
    Diagnostic::new(&codes::UNUSABLE_SETTING, message)
        .consequence("no proxy reports there")
        .help("state the files, or use mode SIMPLE or ISTIO_MUTUAL")
}
