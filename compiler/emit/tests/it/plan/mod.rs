//! Plans made by hand: what lowering would make of the Bookinfo sample, and one of everything.

pub(crate) mod bookinfo;
pub(crate) mod everything;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use meshc_contract::{ObjectRef, SpiffeId, WorkloadRef};
use meshc_diagnostics::Origin;
use meshc_plan::*;

pub(crate) const ORIGIN: Origin = Origin::Default { rule: "made by a test" };
pub(crate) const WILDCARD: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(crate) fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub(crate) fn object(kind: &str, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef {
        group: "networking.istio.io".into(),
        kind: kind.into(),
        namespace: namespace.into(),
        name: name.into(),
    }
}

pub(crate) fn outbound(port: u16, host: &str) -> UpstreamName {
    UpstreamName::Outbound { port, subset: None, host: host.into() }
}

pub(crate) fn subset(port: u16, subset: &str, host: &str) -> UpstreamName {
    UpstreamName::Outbound { port, subset: Some(subset.into()), host: host.into() }
}

pub(crate) fn tcp(upstream: UpstreamName) -> NetworkFilter {
    NetworkFilter::Tcp(TcpProxy {
        stat_prefix: None,
        upstreams: vec![(upstream, None)],
        idle_timeout: None,
        max_connection_duration: None,
        hash_source_ip: false,
        tunnel: None,
        access_logs: Vec::new(),
    })
}

pub(crate) fn network_stats(inbound: bool) -> NetworkFilter {
    NetworkFilter::Stats(stats(inbound))
}

pub(crate) fn stats(inbound: bool) -> StatsFilter {
    StatsFilter { disable_host_header_fallback: inbound, tcp_reporting_duration: None, overrides: Vec::new() }
}

pub(crate) fn chain(name: Option<&str>, matches: ChainMatch, filters: Vec<NetworkFilter>) -> FilterChain {
    FilterChain {
        name: name.map(str::to_owned),
        matches,
        tls: None,
        filters,
        config: None,
        handshake_timeout: None,
        origin: ORIGIN,
    }
}

pub(crate) fn listener(
    name: ListenerName,
    port: u16,
    capture: Capture,
    chains: Vec<FilterChain>,
) -> Listener {
    Listener {
        name,
        bind: Bind { address: BindAddress::Ip(WILDCARD), port },
        additional: Vec::new(),
        transport: ListenerTransport::Tcp,
        capture,
        direction: Direction::Outbound,
        filters: ListenerFilters::default(),
        filters_timeout: None,
        continue_on_filters_timeout: false,
        exact_balance: false,
        max_accepts_per_event: Some(1),
        buffer_limit: None,
        chains,
        default_chain: None,
        access_logs: Vec::new(),
        origin: ORIGIN,
    }
}

pub(crate) fn address_listener(port: u16, capture: Capture, chains: Vec<FilterChain>) -> Listener {
    listener(ListenerName::Address { address: WILDCARD, port }, port, capture, chains)
}

pub(crate) fn http(stat_prefix: &str, routes: RouteSource, filters: Vec<HttpFilter>) -> HttpConnection {
    HttpConnection {
        stat_prefix: stat_prefix.into(),
        routes,
        filters,
        access_logs: Vec::new(),
        tracing: None,
        request_id_for_trace_sampling: true,
        use_remote_address: false,
        trusted_hops: 0,
        server_header: ServerHeader::Default,
        forward_client_cert: None,
        client_cert_details: None,
        path_normalization: PathNormalization::Base,
        explicit_http1_options: false,
        accept_http_10: false,
        allow_absolute_url: false,
        preserve_header_case: false,
        http2: false,
        append_forwarded_port: false,
        generate_request_id: None,
        proxy_100_continue: true,
        internal_networks: Vec::new(),
        limits: HttpConnectionLimits {
            stream_idle_timeout: Some(Duration::ZERO),
            ..HttpConnectionLimits::default()
        },
    }
}

pub(crate) fn any_request() -> RouteMatch {
    RouteMatch {
        path: PathMatch::Prefix("/".into()),
        case_sensitive: None,
        headers: Vec::new(),
        query: Vec::new(),
        claims: Vec::new(),
    }
}

pub(crate) fn route(matches: RouteMatch, action: RouteAction) -> Route {
    Route {
        name: None,
        matches,
        action,
        operation: None,
        stat_prefix: None,
        config: None,
        headers: HeaderOperations::default(),
        fault: None,
        cors: None,
        session: None,
        origin: ORIGIN,
    }
}

pub(crate) fn forward(upstream: UpstreamName) -> RouteForward {
    RouteForward {
        upstreams: vec![WeightedUpstream {
            upstream,
            weight: None,
            headers: HeaderOperations::default(),
            host_rewrite: None,
        }],
        timeout: Some(Duration::ZERO),
        inbound: false,
        retry: None,
        prefix_rewrite: None,
        regex_rewrite: None,
        host_rewrite: None,
        append_forwarded_host: false,
        mirrors: Vec::new(),
        hash_policies: Vec::new(),
        unknown_upstream_is_500: false,
    }
}

pub(crate) fn virtual_host(name: &str, domains: &[&str], routes: Vec<Route>) -> VirtualHost {
    VirtualHost {
        name: name.into(),
        domains: strings(domains),
        routes,
        tls: TlsRequirement::None,
        attempt_count: true,
        session: None,
        origin: ORIGIN,
    }
}

pub(crate) fn table(name: RouteTableName, virtual_hosts: Vec<VirtualHost>) -> RouteTable {
    RouteTable {
        name,
        virtual_hosts,
        ignore_port: true,
        max_direct_response_bytes: Some(1_048_576),
        origin: ORIGIN,
    }
}

pub(crate) fn upstream(name: UpstreamName, discovery: Discovery) -> Upstream {
    Upstream {
        name,
        stat_name: None,
        direction: Direction::Outbound,
        discovery,
        dns: DnsResolution { refresh_rate: Duration::from_secs(60), family: DnsFamily::V4Only },
        connect_timeout: Duration::from_secs(10),
        protocol: UpstreamProtocol::Default,
        pool: ConnectionPool { thresholds: true, ..ConnectionPool::default() },
        load_balancing: None,
        outlier: None,
        tls: UpstreamTlsChoice::None,
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
        origin: ORIGIN,
    }
}

pub(crate) fn mutual_tls(sni: &str, identity: &str) -> UpstreamTls {
    UpstreamTls {
        istio_mutual: true,
        certificate: Some(CertificateSource::Workload),
        trust: Some(TrustSource::Mesh),
        names: strings(&[identity]),
        sni: Some(sni.into()),
        auto_san_validation: false,
        alpn: strings(&["istio-peer-exchange", "istio"]),
        crl: None,
        cipher_suites: Vec::new(),
        ecdh_curves: Vec::new(),
        credential: false,
    }
}

pub(crate) fn proxy(namespace: &str, name: &str, role: ProxyRole) -> ProxyPlan {
    ProxyPlan {
        workload: WorkloadRef { namespace: namespace.into(), name: name.into() },
        role,
        labels: Default::default(),
        target: None,
        identity: SpiffeId {
            trust_domain: "cluster.local".into(),
            namespace: namespace.into(),
            service_account: name.into(),
        },
        listeners: Vec::new(),
        route_tables: Vec::new(),
        upstreams: Vec::new(),
        bootstrap: BootstrapPlan {
            service_cluster: format!("{name}.{namespace}"),
            metadata: [("NAMESPACE".to_owned(), serde_json::json!(namespace))].into(),
            locality: None,
            concurrency: None,
            admin_port: 15000,
            status_port: 15021,
            prometheus_port: 15090,
            probes: None,
            interception: InterceptionMode::Redirect,
            outbound_port: 15001,
            inbound_port: 15006,
            drain_duration: Duration::from_secs(45),
            extra_stat_tags: Vec::new(),
            stats_inclusion: StatsInclusion::default(),
            stats: StatsSettings::default(),
            upstreams: Vec::new(),
            tracer: None,
            runtime_values: Default::default(),
            connection_limit: None,
            termination_drain: Duration::from_secs(5),
            log_files: Vec::new(),
            file_flush_interval: Duration::from_secs(1),
        },
        origin: ORIGIN,
    }
}

pub(crate) fn plan(proxies: impl IntoIterator<Item = ProxyPlan>) -> Plan {
    Plan {
        proxies: proxies.into_iter().map(|proxy| (proxy.workload.clone(), proxy)).collect(),
        identities: Default::default(),
        headless_services: Vec::new(),
    }
}
