//! One of everything that a plan can hold, in a shape that Envoy loads.

mod http3;
mod policies;
mod routes;
mod telemetry;
mod upstreams;

use std::sync::Arc;
use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A gateway that uses every feature.
pub(crate) fn gateway() -> ProxyPlan {
    let mut proxy = proxy("edge", "gateway", ProxyRole::Gateway);
    proxy.listeners = [
        http_listener(),
        tls_listener(),
        tcp_listener(),
        captured_listener(),
        telemetry::traced_listener(),
        http3::quic_listener(),
    ]
    .map(Arc::new)
    .to_vec();
    proxy.route_tables = vec![Arc::new(routes::routes())];
    proxy.upstreams = upstreams::upstreams().into_iter().map(Arc::new).collect();
    proxy.bootstrap.locality =
        Some(Locality { region: "r".into(), zone: "z".into(), sub_zone: String::new() });
    proxy.bootstrap.probes = Some(probes());
    proxy.bootstrap.extra_stat_tags = strings(&["request_method"]);
    proxy.bootstrap.stats_inclusion = StatsInclusion {
        prefixes: strings(&["cluster.outbound"]),
        suffixes: strings(&["upstream_rq_timeout"]),
        regexps: strings(&["http.*rq_5xx"]),
    };
    telemetry::process(&mut proxy.bootstrap);
    proxy
}

fn probes() -> ProbeBridge {
    let timing = ProbeTiming { period: 10 * SECOND, timeout: SECOND };
    let probe = |kind, target| ProbeRoute { container: "web".into(), kind, target };
    ProbeBridge {
        port: 15020,
        probes: vec![
            probe(ProbeKind::Startup, ProbeTarget::Tcp { port: 8080, timing }),
            probe(ProbeKind::Liveness, ProbeTarget::Grpc { port: 9090, service: "live".into(), timing }),
            probe(
                ProbeKind::Readiness,
                ProbeTarget::Http { port: 8080, path: "/ready?full".into(), tls: false },
            ),
            probe(ProbeKind::PreStop, ProbeTarget::Http { port: 8443, path: "/stop".into(), tls: true }),
        ],
    }
}

fn filters() -> Vec<HttpFilter> {
    vec![
        HttpFilter::MetadataExchange { downstream: false, skip_external: true },
        HttpFilter::JwtAuthentication(policies::tokens()),
        HttpFilter::Authorization(policies::authorization(AuthorizationAction::Audit)),
        HttpFilter::Authorization(policies::authorization(AuthorizationAction::Deny)),
        HttpFilter::Authorization(policies::authorization(AuthorizationAction::Allow)),
        HttpFilter::GrpcWeb,
        HttpFilter::GrpcStats,
        HttpFilter::IstioAlpn,
        HttpFilter::Fault,
        HttpFilter::Cors,
        HttpFilter::Stats(StatsFilter {
            disable_host_header_fallback: true,
            tcp_reporting_duration: Some(SECOND),
            overrides: vec![MetricOverride {
                name: "requests_total".into(),
                dimensions: vec![("a".into(), "'b'".into())],
                remove: strings(&["c"]),
                drop: false,
            }],
        }),
        HttpFilter::StatefulSession,
        HttpFilter::DynamicForwardProxy { cache: outbound(80, "*.dyn.example") },
        HttpFilter::Router { suppress_envoy_headers: true },
    ]
}

fn connection(routes: RouteSource) -> NetworkFilter {
    let tag = |name: &str, source| CustomTag { name: name.into(), source };
    NetworkFilter::Http(Box::new(HttpConnection {
        access_logs: telemetry::access_logs(),
        tracing: Some(Tracing {
            random_sampling: 12.5,
            max_path_tag_length: Some(99),
            custom_tags: vec![
                tag("environment", TagSource::Environment { name: "E".into(), default: "dev".into() }),
                tag("header", TagSource::RequestHeader { name: "x-user".into(), default: "-".into() }),
                tag("literal", TagSource::Literal("v".into())),
                tag("metadata", TagSource::AuthorizationMetadata("k".into())),
            ],
            provider: None,
            spawn_upstream_span: true,
        }),
        use_remote_address: true,
        trusted_hops: 1,
        server_header: ServerHeader::PassThrough,
        forward_client_cert: Some(ForwardClientCert::SanitizeSet),
        client_cert_details: Some(ClientCertDetails {
            subject: true,
            cert: true,
            chain: true,
            dns: true,
            uri: true,
        }),
        path_normalization: PathNormalization::DecodeAndMergeSlashes,
        explicit_http1_options: true,
        accept_http_10: true,
        allow_absolute_url: true,
        preserve_header_case: true,
        http2: true,
        append_forwarded_port: true,
        generate_request_id: Some(false),
        internal_networks: vec![(LOOPBACK, 8)],
        limits: HttpConnectionLimits {
            idle_timeout: Some(SECOND),
            max_connection_duration: Some(SECOND),
            max_stream_duration: Some(SECOND),
            stream_idle_timeout: Some(SECOND),
            request_timeout: Some(SECOND),
            request_headers_timeout: Some(SECOND),
            drain_timeout: Some(SECOND),
            max_concurrent_streams: Some(100),
            initial_stream_window: Some(65_536),
            initial_connection_window: Some(1_048_576),
            headers_with_underscores: Some(HeadersWithUnderscores::RejectRequest),
            merge_slashes: Some(false),
            escaped_slashes: Some(EscapedSlashes::UnescapeAndRedirect),
        },
        ..http("outbound_0.0.0.0_8080;", routes, filters())
    }))
}

fn http_listener() -> Listener {
    let routes = RouteSource::Named(RouteTableName::GatewayHttp { port: 8080, bind: None });
    Listener {
        filters: ListenerFilters { proxy_protocol: true, ..ListenerFilters::default() },
        buffer_limit: Some(32_768),
        exact_balance: true,
        access_logs: telemetry::access_logs(),
        ..address_listener(
            8080,
            Capture::Bound,
            vec![chain(None, ChainMatch::default(), vec![connection(routes)])],
        )
    }
}

fn server_tls(certificate: CertificateSource, trust: Option<TrustSource>) -> Option<DownstreamTls> {
    let checks = trust.is_some();
    Some(DownstreamTls {
        certificates: vec![certificate],
        client: ClientCertificate {
            required: checks,
            trust,
            names: if checks { vec![StringMatch::Exact("client.example".into())] } else { Vec::new() },
            spki: Vec::new(),
            hash: Vec::new(),
            crl: None,
            accept_untrusted: false,
        },
        alpn: strings(&["istio-peer-exchange", "h2", "http/1.1"]),
        min_version: Some(TlsVersion::V1_2),
        max_version: None,
        cipher_suites: strings(&["ECDHE-RSA-AES128-GCM-SHA256"]),
        ecdh_curves: strings(&["P-256"]),
    })
}

fn tls_listener() -> Listener {
    let sni = |name: &str| ChainMatch { server_names: strings(&[name]), ..ChainMatch::default() };
    let secret = |name: &str| CertificateSource::Secret { name: name.into() };
    let table = Arc::new(table(
        RouteTableName::GatewayHttps {
            port: 443,
            port_name: "https".into(),
            gateway: "gw".into(),
            namespace: "edge".into(),
            bind: None,
        },
        vec![virtual_host(
            "a.example:443",
            &["a.example"],
            vec![route(any_request(), to(outbound(80, "plain.example")))],
        )],
    ));
    let terminated = FilterChain {
        tls: server_tls(secret("www"), Some(TrustSource::Secret { name: "www-cacert".into() })),
        config: Some(object("VirtualService", "edge", "a")),
        ..chain(None, sni("a.example"), vec![connection(RouteSource::Inline(table))])
    };
    let files = CertificateSource::Files {
        certificate: "/etc/certs/tls.crt".into(),
        key: "/etc/certs/tls.key".into(),
    };
    let configured = TrustSource::ConfigMap { namespace: "edge".into(), name: "roots-cacert".into() };
    let from_files = FilterChain {
        tls: server_tls(files, Some(TrustSource::File("/etc/certs/ca.crt".into()))),
        ..chain(None, sni("b.example"), vec![tcp(outbound(80, "plain.example"))])
    };
    let mutual = FilterChain {
        tls: server_tls(CertificateSource::Workload, Some(configured)),
        ..chain(None, sni("*.c.example"), vec![tcp(outbound(80, "plain.example"))])
    };
    let simple = FilterChain {
        tls: server_tls(secret("simple"), None),
        ..chain(None, sni("d.example"), vec![tcp(outbound(80, "plain.example"))])
    };
    let passed = ChainMatch {
        transport_protocol: Some(TransportProtocol::Tls),
        destination_networks: vec![(LOOPBACK, 32)],
        ..sni("*.dyn.example")
    };
    let forwarded = chain(
        None,
        passed,
        vec![
            NetworkFilter::SniDynamicForwardProxy { cache: outbound(443, "*.dyn.example"), port: 443 },
            tcp(outbound(443, "*.dyn.example")),
        ],
    );
    Listener {
        filters: ListenerFilters { tls_inspector: Some(Inspector::default()), ..ListenerFilters::default() },
        ..address_listener(8443, Capture::Bound, vec![terminated, from_files, mutual, simple, forwarded])
    }
}

fn tcp_listener() -> Listener {
    let weighted = TcpProxy {
        stat_prefix: Some("mongo.edge".into()),
        upstreams: vec![
            (outbound(27017, "mongo.example"), Some(75)),
            (outbound(80, "plain.example"), Some(25)),
        ],
        idle_timeout: Some(SECOND),
        max_connection_duration: Some(SECOND),
        hash_source_ip: true,
        tunnel: Some(Tunnel { target_host: "2001:db8::1".into(), target_port: 9001, use_post: true }),
        access_logs: telemetry::access_logs(),
    };
    let mongo = outbound(27017, "mongo.example");
    let first = ChainMatch { destination_port: Some(27017), ..ChainMatch::default() };
    let filters = vec![
        NetworkFilter::MetadataExchange,
        NetworkFilter::Authorization(AuthorizationFilter {
            action: AuthorizationAction::Allow,
            rules: Some(Vec::new()),
            dry_run: None,
            origin: ORIGIN,
        }),
        network_stats(true),
        NetworkFilter::MongoProxy { upstream: mongo.clone(), stat_prefix: None },
        NetworkFilter::MysqlProxy { upstream: mongo.clone(), stat_prefix: None },
        NetworkFilter::Tcp(weighted),
    ];
    Listener {
        default_chain: Some(chain(
            None,
            ChainMatch::default(),
            vec![NetworkFilter::RedisProxy { upstream: mongo, stat_prefix: None }],
        )),
        additional: vec![Bind { address: BindAddress::Ip(LOOPBACK), port: 27018 }],
        ..address_listener(27017, Capture::Bound, vec![chain(None, first, filters)])
    }
}

fn captured_listener() -> Listener {
    let inspector = |disabled: &[u16], enabled: &[u16]| {
        Some(Inspector { disabled_ports: disabled.into(), enabled_ports_only: enabled.into() })
    };
    Listener {
        direction: Direction::Inbound,
        filters: ListenerFilters {
            original_destination: true,
            original_source_mark: Some(1337),
            tls_inspector: inspector(&[], &[8080, 9090]),
            http_inspector: inspector(&[15006], &[]),
            ..ListenerFilters::default()
        },
        ..listener(
            ListenerName::VirtualInbound,
            15006,
            Capture::Captured { transparent: true },
            vec![chain(None, ChainMatch::default(), vec![tcp(UpstreamName::BlackHole)])],
        )
    }
}

fn to(upstream: UpstreamName) -> RouteAction {
    RouteAction::Forward(Box::new(forward(upstream)))
}
