//! The sidecar of productpage in the plain Bookinfo sample, as istiod configures it.

use std::sync::Arc;
use std::time::Duration;

use super::*;

const HTTP_ALPN: [&str; 3] = ["istio-http/1.0", "istio-http/1.1", "istio-h2"];

pub(crate) fn productpage() -> ProxyPlan {
    let mut proxy = proxy("default", "productpage-v1", ProxyRole::Sidecar);
    proxy.listeners = vec![Arc::new(port_9080()), Arc::new(virtual_inbound()), Arc::new(virtual_outbound())];
    proxy.route_tables = vec![Arc::new(routes_9080())];
    proxy.upstreams = upstreams().into_iter().map(Arc::new).collect();
    proxy
}

fn tracing() -> Option<Tracing> {
    let literal =
        |name: &str, value: &str| CustomTag { name: name.into(), source: TagSource::Literal(value.into()) };
    let dry_run = |action: &str, what: &str, key: &str| CustomTag {
        name: format!("istio.authorization.dry_run.{action}_policy.{what}"),
        source: TagSource::AuthorizationMetadata(format!("istio_dry_run_{action}_shadow_{key}")),
    };
    Some(Tracing {
        random_sampling: 1.0,
        max_path_tag_length: None,
        custom_tags: vec![
            dry_run("allow", "name", "effective_policy_id"),
            dry_run("allow", "result", "engine_result"),
            dry_run("deny", "name", "effective_policy_id"),
            dry_run("deny", "result", "engine_result"),
            literal("istio.canonical_revision", "v1"),
            literal("istio.canonical_service", "productpage"),
            literal("istio.cluster_id", "Kubernetes"),
            literal("istio.mesh_id", "cluster.local"),
            literal("istio.namespace", "default"),
        ],
        provider: None,
        spawn_upstream_span: false,
    })
}

fn passthrough(name: Option<&str>) -> FilterChain {
    chain(name, ChainMatch::default(), vec![network_stats(false), tcp(UpstreamName::Passthrough)])
}

fn port_9080() -> Listener {
    let filters = vec![
        HttpFilter::MetadataExchange { downstream: false, skip_external: false },
        HttpFilter::GrpcStats,
        HttpFilter::IstioAlpn,
        HttpFilter::Fault,
        HttpFilter::Cors,
        HttpFilter::Stats(stats(false)),
        HttpFilter::Router { suppress_envoy_headers: false },
    ];
    let routes = RouteSource::Named(RouteTableName::Port(9080));
    let connection = HttpConnection { tracing: tracing(), ..http("outbound_0.0.0.0_9080;", routes, filters) };
    let matches = ChainMatch {
        transport_protocol: Some(TransportProtocol::RawBuffer),
        application_protocols: strings(&["http/1.1", "h2c"]),
        ..ChainMatch::default()
    };
    let chain = FilterChain {
        handshake_timeout: Some(Duration::from_secs(15)),
        ..chain(None, matches, vec![NetworkFilter::Http(Box::new(connection))])
    };
    Listener {
        filters: ListenerFilters { http_inspector: Some(Inspector::default()), ..ListenerFilters::default() },
        filters_timeout: Some(Duration::ZERO),
        continue_on_filters_timeout: true,
        max_accepts_per_event: None,
        default_chain: Some(passthrough(Some("PassthroughFilterChain"))),
        ..address_listener(9080, Capture::ByOriginalDestination, vec![chain])
    }
}

fn virtual_outbound() -> Listener {
    let matches = ChainMatch { destination_port: Some(15001), ..ChainMatch::default() };
    let black_hole = chain(
        Some("virtualOutbound-blackhole"),
        matches,
        vec![network_stats(false), tcp(UpstreamName::BlackHole)],
    );
    let chains = vec![black_hole, passthrough(Some("virtualOutbound-catchall-tcp"))];
    listener(ListenerName::VirtualOutbound, 15001, Capture::Redirecting { transparent: false }, chains)
}

fn inbound_tls(alpn: &[&str]) -> Option<DownstreamTls> {
    Some(DownstreamTls {
        certificates: vec![CertificateSource::Workload],
        client: ClientCertificate {
            required: true,
            trust: Some(TrustSource::Mesh),
            names: vec![StringMatch::Prefix("spiffe://cluster.local/".into())],
            spki: Vec::new(),
            hash: Vec::new(),
            crl: None,
            accept_untrusted: false,
        },
        alpn: strings(alpn),
        min_version: Some(TlsVersion::V1_2),
        max_version: Some(TlsVersion::V1_3),
        cipher_suites: strings(&[
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "AES256-GCM-SHA384",
            "AES128-GCM-SHA256",
        ]),
        ecdh_curves: Vec::new(),
    })
}

fn inbound_http(port: u16, upstream: UpstreamName, stat_prefix: &str, operation: &str) -> NetworkFilter {
    let route = Route {
        name: Some("default".into()),
        operation: Some(operation.into()),
        ..route(
            any_request(),
            RouteAction::Forward(Box::new(RouteForward {
                inbound: true,
                retry: Some(Retry {
                    attempts: 2,
                    retry_on: "reset-before-request".into(),
                    retriable_status_codes: Vec::new(),
                    per_try_timeout: None,
                    base_interval: None,
                    avoid_previous_hosts: false,
                    host_selection_attempts: None,
                    avoid_previous_priorities: false,
                }),
                ..forward(upstream.clone())
            })),
        )
    };
    let host = VirtualHost {
        attempt_count: false,
        session: None,
        ..virtual_host(&format!("inbound|http|{port}"), &["*"], vec![route])
    };
    let table = RouteTable {
        ignore_port: false,
        max_direct_response_bytes: None,
        ..table(RouteTableName::Inbound(upstream), vec![host])
    };
    let filters = vec![
        HttpFilter::MetadataExchange { downstream: true, skip_external: false },
        HttpFilter::GrpcStats,
        HttpFilter::Fault,
        HttpFilter::Cors,
        HttpFilter::Stats(stats(true)),
        HttpFilter::Router { suppress_envoy_headers: false },
    ];
    NetworkFilter::Http(Box::new(HttpConnection {
        tracing: tracing(),
        server_header: ServerHeader::Overwrite("istio-envoy".into()),
        forward_client_cert: Some(ForwardClientCert::AppendForward),
        client_cert_details: Some(ClientCertDetails {
            subject: true,
            cert: false,
            chain: false,
            dns: true,
            uri: true,
        }),
        ..http(stat_prefix, RouteSource::Inline(Arc::new(table)), filters)
    }))
}

fn inbound_match(port: Option<u16>, tls: bool, alpn: &[&str]) -> ChainMatch {
    ChainMatch {
        destination_port: port,
        transport_protocol: Some(if tls { TransportProtocol::Tls } else { TransportProtocol::RawBuffer }),
        application_protocols: strings(alpn),
        ..ChainMatch::default()
    }
}

fn virtual_inbound() -> Listener {
    let exchange = || NetworkFilter::MetadataExchange;
    let catch_all =
        || inbound_http(0, UpstreamName::InboundPassthrough, "InboundPassthroughCluster;", ":0/*");
    let bytes = || vec![exchange(), network_stats(true), tcp(UpstreamName::InboundPassthrough)];
    let product = || {
        let operation = "productpage.default.svc.cluster.local:9080/*";
        vec![
            exchange(),
            inbound_http(9080, UpstreamName::Inbound { port: 9080 }, "inbound_0.0.0.0_9080;", operation),
        ]
    };
    let with_tls = |alpn: &[&str], chain: FilterChain| FilterChain { tls: inbound_tls(alpn), ..chain };
    let all = ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];
    let black_hole = ChainMatch { destination_port: Some(15006), ..ChainMatch::default() };
    let chains = vec![
        chain(
            Some("virtualInbound-blackhole"),
            black_hole,
            vec![exchange(), network_stats(true), tcp(UpstreamName::BlackHole)],
        ),
        with_tls(
            &["h2", "http/1.1"],
            chain(
                Some("virtualInbound-catchall-http"),
                inbound_match(None, true, &HTTP_ALPN),
                vec![exchange(), catch_all()],
            ),
        ),
        chain(
            Some("virtualInbound-catchall-http"),
            inbound_match(None, false, &["http/1.1", "h2c"]),
            vec![exchange(), catch_all()],
        ),
        with_tls(
            &["istio-peer-exchange", "h2", "http/1.1"],
            chain(
                Some("virtualInbound"),
                inbound_match(None, true, &["istio-peer-exchange", "istio"]),
                bytes(),
            ),
        ),
        chain(Some("virtualInbound"), inbound_match(None, false, &[]), bytes()),
        chain(Some("virtualInbound"), inbound_match(None, true, &[]), bytes()),
        with_tls(
            &["h2", "http/1.1"],
            chain(Some("0.0.0.0_9080"), inbound_match(Some(9080), true, &all), product()),
        ),
        chain(Some("0.0.0.0_9080"), inbound_match(Some(9080), false, &[]), product()),
    ];
    Listener {
        direction: Direction::Inbound,
        filters: ListenerFilters {
            original_destination: true,
            tls_inspector: Some(Inspector { disabled_ports: vec![15006], enabled_ports_only: Vec::new() }),
            http_inspector: Some(Inspector {
                disabled_ports: vec![9080, 15006],
                enabled_ports_only: Vec::new(),
            }),
            ..ListenerFilters::default()
        },
        filters_timeout: Some(Duration::ZERO),
        continue_on_filters_timeout: true,
        ..listener(ListenerName::VirtualInbound, 15006, Capture::Captured { transparent: false }, chains)
    }
}

fn routes_9080() -> RouteTable {
    let service = |name: &str| {
        let host = format!("{name}.default.svc.cluster.local");
        let retry = Retry {
            attempts: 2,
            retry_on: "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes".into(),
            retriable_status_codes: Vec::new(),
            per_try_timeout: None,
            base_interval: None,
            avoid_previous_hosts: true,
            host_selection_attempts: Some(5),
            avoid_previous_priorities: false,
        };
        let to = RouteForward { retry: Some(retry), ..forward(outbound(9080, &host)) };
        let route = Route {
            name: Some("default".into()),
            operation: Some(format!("{host}:9080/*")),
            ..route(any_request(), RouteAction::Forward(Box::new(to)))
        };
        let domains = [
            host.clone(),
            format!("{host}."),
            name.into(),
            format!("{name}.default.svc"),
            format!("{name}.default"),
            address(name).into(),
        ];
        let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
        virtual_host(&format!("{host}:9080"), &domains, vec![route])
    };
    let any = Route {
        name: Some("allow_any".into()),
        ..route(any_request(), RouteAction::Forward(Box::new(forward(UpstreamName::Passthrough))))
    };
    let mut hosts: Vec<VirtualHost> = ["details", "productpage", "ratings", "reviews"].map(service).into();
    hosts.push(virtual_host("allow_any", &["*"], vec![any]));
    table(RouteTableName::Port(9080), hosts)
}

/// The cluster IP that the recording gave to a service.
fn address(name: &str) -> &'static str {
    match name {
        "details" => "10.96.0.2",
        "productpage" => "10.96.0.3",
        "ratings" => "10.96.0.4",
        _ => "10.96.0.5",
    }
}

fn upstreams() -> Vec<Upstream> {
    let original = || Discovery::OriginalDestination { port_override: None };
    let passthrough = |name| Upstream {
        protocol: UpstreamProtocol::Downstream { preserve_header_case: false },
        pool: ConnectionPool {
            thresholds: true,
            idle_timeout: Some(Duration::from_secs(300)),
            ..ConnectionPool::default()
        },
        ..upstream(name, original())
    };
    let local: IpAddr = Ipv4Addr::new(127, 0, 0, 6).into();
    let facts = |name: &str| {
        vec![UpstreamService {
            host: format!("{name}.default.svc.cluster.local"),
            name: name.into(),
            namespace: "default".into(),
        }]
    };
    let service = |name: &str| {
        let host = format!("{name}.default.svc.cluster.local");
        let sni = format!("outbound_.9080_._.{host}");
        let identity = format!("spiffe://cluster.local/ns/default/sa/bookinfo-{name}");
        let pods = DnsEndpoint {
            name: format!("mc-{name}-1a2b3c4d.default.svc.cluster.local"),
            port: 9080,
            mtls: true,
            cluster_ip: false,
            weight: None,
        };
        Upstream {
            load_balancing: Some(LoadBalancing {
                algorithm: LoadBalancingAlgorithm::LeastRequest,
                slow_start: None,
                panic_threshold: Some(0.0),
                locality: LocalityBalancing::None,
                sessions_reach_draining: false,
            }),
            tls: UpstreamTlsChoice::Auto(Box::new(mutual_tls(&sni, &identity))),
            metadata_exchange: true,
            explicit_common_lb: true,
            services: facts(name),
            ..upstream(outbound(9080, &host), Discovery::Pods { names: vec![pods], stated: Vec::new() })
        }
    };
    let mut all: Vec<Upstream> = ["details", "productpage", "ratings", "reviews"].map(service).into();
    all.extend([
        Upstream {
            pool: ConnectionPool::default(),
            ..upstream(UpstreamName::BlackHole, Discovery::Static(Vec::new()))
        },
        Upstream { metadata_exchange: true, ..passthrough(UpstreamName::Passthrough) },
        Upstream {
            direction: Direction::Inbound,
            bind_source: vec![local],
            cleanup_interval: Some(Duration::from_secs(9_223_372_035)),
            explicit_common_lb: true,
            services: facts("productpage"),
            ..upstream(UpstreamName::Inbound { port: 9080 }, original())
        },
        Upstream {
            direction: Direction::Inbound,
            bind_source: vec![local],
            ..passthrough(UpstreamName::InboundPassthrough)
        },
    ]);
    all
}
