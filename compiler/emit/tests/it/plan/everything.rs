//! One of everything that a plan can hold, in a shape that Envoy loads.

use std::sync::Arc;
use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A gateway that uses every feature.
pub(crate) fn gateway() -> ProxyPlan {
    let mut proxy = proxy("edge", "gateway", ProxyRole::Gateway);
    proxy.listeners =
        [http_listener(), tls_listener(), tcp_listener(), captured_listener()].map(Arc::new).to_vec();
    proxy.route_tables = vec![Arc::new(routes())];
    proxy.upstreams = upstreams().into_iter().map(Arc::new).collect();
    proxy.bootstrap.locality =
        Some(Locality { region: "r".into(), zone: "z".into(), sub_zone: String::new() });
    proxy.bootstrap.probes = Some(probes());
    proxy.bootstrap.extra_stat_tags = strings(&["request_method"]);
    proxy.bootstrap.stats_inclusion = StatsInclusion {
        prefixes: strings(&["cluster.outbound"]),
        suffixes: strings(&["upstream_rq_timeout"]),
        regexps: strings(&["http.*rq_5xx"]),
    };
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

fn access_logs() -> Vec<AccessLog> {
    let file = |format| AccessLogSink::File { path: "/dev/stdout".into(), format };
    vec![
        AccessLog { sink: file(AccessLogFormat::Text("%RESPONSE_CODE%\n".into())), filters: Vec::new() },
        AccessLog {
            sink: file(AccessLogFormat::Json(vec![("code".into(), "%RESPONSE_CODE%".into())])),
            filters: vec![
                AccessLogFilter::ResponseFlags(strings(&["NR"])),
                AccessLogFilter::Cel("response.code >= 500".into()),
            ],
        },
    ]
}

fn rule(index: usize, permissions: Vec<Permission>, principals: Vec<Principal>) -> PolicyRule {
    PolicyRule {
        id: RuleId { namespace: "edge".into(), policy: "p".into(), rule: index },
        permissions,
        principals,
    }
}

fn header(name: &str, value: ValueMatch) -> HeaderMatch {
    HeaderMatch { name: name.into(), value, invert: false, missing_is_empty: false }
}

fn authorization(action: AuthorizationAction) -> AuthorizationFilter {
    let exact = |text: &str| StringMatch::Exact(text.into());
    let claims = |value| Principal::Metadata {
        filter: "envoy.filters.http.jwt_authn".into(),
        path: strings(&["payload", "aud"]),
        value,
    };
    let text = MetadataValue::Text(exact("a"));
    let permissions = vec![Permission::And(vec![
        Permission::Or(vec![
            Permission::Header(header(
                ":authority",
                ValueMatch::Text(StringMatch::IgnoreCase(Box::new(exact("a.example")))),
            )),
            Permission::Path(StringMatch::Prefix("/admin".into())),
            Permission::PathTemplate("/api/*/write".into()),
        ]),
        Permission::Not(Box::new(Permission::DestinationPort(8080))),
        Permission::DestinationIp(WILDCARD, 0),
        Permission::ServerName(StringMatch::Suffix(".example".into())),
        Permission::Metadata { filter: "f".into(), path: strings(&["k"]), value: text.clone() },
    ])];
    let principals = vec![Principal::And(vec![
        Principal::Or(vec![
            Principal::Authenticated(StringMatch::Regex("spiffe://.+".into())),
            Principal::Header(header("x-user", ValueMatch::Present)),
        ]),
        Principal::Not(Box::new(Principal::DirectRemoteIp(LOOPBACK, 8))),
        Principal::RemoteIp(LOOPBACK, 32),
        claims(MetadataValue::Or(vec![MetadataValue::ListOneOf(Box::new(text.clone())), text])),
    ])];
    AuthorizationFilter {
        action,
        rules: Some(vec![rule(0, permissions, principals)]),
        dry_run: Some(vec![rule(1, vec![Permission::Any], vec![Principal::Any])]),
        origin: ORIGIN,
    }
}

fn tokens() -> JwtAuthentication {
    let provider = |issuer: &str, jwks| JwtProvider {
        issuer: issuer.into(),
        audiences: strings(&["api"]),
        jwks,
        from_headers: vec![JwtHeader { name: "x-token".into(), prefix: "Bearer ".into() }],
        from_params: strings(&["token"]),
        from_cookies: strings(&["session"]),
        forward: true,
        payload_header: Some("x-payload".into()),
        claims_to_headers: vec![ClaimToHeader { header: "x-sub".into(), claim: "sub".into() }],
        space_delimited_claims: strings(&["permission", "scope"]),
        clear_route_cache: true,
    };
    let remote = Jwks::Remote {
        uri: "https://id.example/keys".into(),
        upstream: outbound(443, "id.example"),
        timeout: 5 * SECOND,
    };
    JwtAuthentication { providers: vec![provider("one", Jwks::Unavailable), provider("two", remote)] }
}

fn filters() -> Vec<HttpFilter> {
    vec![
        HttpFilter::MetadataExchange { downstream: false, skip_external: true },
        HttpFilter::JwtAuthentication(tokens()),
        HttpFilter::Authorization(authorization(AuthorizationAction::Audit)),
        HttpFilter::Authorization(authorization(AuthorizationAction::Deny)),
        HttpFilter::Authorization(authorization(AuthorizationAction::Allow)),
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
        HttpFilter::DynamicForwardProxy { cache: outbound(80, "*.dyn.example") },
        HttpFilter::Router { suppress_envoy_headers: true },
    ]
}

fn connection(routes: RouteSource) -> NetworkFilter {
    let tag = |name: &str, source| CustomTag { name: name.into(), source };
    NetworkFilter::Http(Box::new(HttpConnection {
        access_logs: access_logs(),
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
        access_logs: access_logs(),
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
        access_logs: access_logs(),
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
        NetworkFilter::MongoProxy { upstream: mongo.clone() },
        NetworkFilter::MysqlProxy { upstream: mongo.clone() },
        NetworkFilter::Tcp(weighted),
    ];
    Listener {
        default_chain: Some(chain(
            None,
            ChainMatch::default(),
            vec![NetworkFilter::RedisProxy { upstream: mongo }],
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

fn path(path: PathMatch) -> RouteMatch {
    RouteMatch { path, case_sensitive: Some(true), ..any_request() }
}

fn operations() -> HeaderOperations {
    let set = |name: &str, append| HeaderOperation { name: name.into(), value: "v".into(), append };
    HeaderOperations {
        request: vec![set("x-set", false), set("x-add", true)],
        request_remove: strings(&["x-gone"]),
        response: vec![set("x-served", false)],
        response_remove: strings(&["server"]),
    }
}

fn retries() -> Retry {
    Retry {
        attempts: 3,
        retry_on: "5xx,retriable-status-codes".into(),
        retriable_status_codes: vec![503, 504],
        per_try_timeout: Some(Duration::from_millis(250)),
        base_interval: Some(Duration::from_millis(25)),
        avoid_previous_hosts: true,
        host_selection_attempts: Some(5),
        avoid_previous_priorities: true,
    }
}

fn weighted_route() -> Route {
    let weighted = |name, weight, host_rewrite: Option<&str>| WeightedUpstream {
        upstream: name,
        weight: Some(weight),
        headers: operations(),
        host_rewrite: host_rewrite.map(str::to_owned),
    };
    let target = RouteForward {
        upstreams: vec![
            weighted(subset(80, "v1", "plain.example"), 90, Some("v1.internal")),
            weighted(outbound(443, "secure.example"), 10, None),
        ],
        timeout: Some(SECOND),
        retry: Some(retries()),
        regex_rewrite: Some((r"^/service/([^/]+)(/.*)$".into(), r"\2/instance/\1".into())),
        mirrors: vec![Mirror {
            upstream: outbound(80, "plain.example"),
            fraction: Fraction { numerator: 42, denominator: FractionDenominator::Million },
        }],
        hash_policies: vec![
            HashPolicy::Header("x-user".into()),
            HashPolicy::Cookie {
                name: "c".into(),
                ttl: Some(SECOND),
                path: Some("/".into()),
                attributes: vec![("SameSite".into(), "Strict".into())],
            },
            HashPolicy::SourceIp,
            HashPolicy::QueryParameter("q".into()),
        ],
        unknown_upstream_is_500: true,
        ..forward(outbound(80, "plain.example"))
    };
    Route {
        name: Some("weighted".into()),
        operation: Some("plain.example:80/*".into()),
        stat_prefix: Some("w".into()),
        config: Some(object("VirtualService", "edge", "w")),
        headers: operations(),
        fault: Some(Fault {
            delay: Some(FaultDelay {
                percentage: Some(Fraction { numerator: 10, denominator: FractionDenominator::Hundred }),
                fixed: Some(SECOND),
            }),
            abort: Some(FaultAbort {
                percentage: Some(Fraction { numerator: 1, denominator: FractionDenominator::TenThousand }),
                http_status: Some(503),
                grpc_status: None,
            }),
        }),
        cors: Some(Cors {
            allow_origins: vec![
                StringMatch::Exact("https://a.example".into()),
                StringMatch::Regex(".*".into()),
            ],
            allow_methods: strings(&["GET", "POST"]),
            allow_headers: strings(&["x-a"]),
            expose_headers: strings(&["x-b"]),
            max_age: Some(SECOND),
            allow_credentials: Some(true),
            forward_not_matching_preflights: false,
        }),
        ..route(path(PathMatch::Regex("/service/.*".into())), RouteAction::Forward(Box::new(target)))
    }
}

fn routes() -> RouteTable {
    let text = |text: &str| ValueMatch::Text(StringMatch::Exact(text.into()));
    let matched = RouteMatch {
        headers: vec![
            HeaderMatch { invert: true, missing_is_empty: true, ..header("x-group", text("beta")) },
            header(":method", text("GET")),
        ],
        query: vec![
            QueryMatch { name: "q".into(), value: ValueMatch::Present },
            QueryMatch { name: "r".into(), value: text("1") },
        ],
        claims: vec![ClaimMatch {
            path: strings(&["role"]),
            value: StringMatch::Exact("admin".into()),
            invert: true,
        }],
        ..path(PathMatch::PathSeparatedPrefix("/api".into()))
    };
    let redirect = |path, code| {
        RouteAction::Redirect(Redirect {
            host: Some("new.example".into()),
            path,
            scheme: Some("https".into()),
            port: Some(8443),
            code,
        })
    };
    let answer = |body: Option<&str>, body_bytes: Option<&str>| {
        RouteAction::DirectResponse(DirectResponse {
            status: 418,
            body: body.map(str::to_owned),
            body_bytes: body_bytes.map(str::to_owned),
        })
    };
    let rewritten = RouteForward {
        prefix_rewrite: Some("/v2".into()),
        host_rewrite: Some("backend.internal".into()),
        append_forwarded_host: true,
        ..forward(outbound(443, "secure.example"))
    };
    let exact = |text: &str| path(PathMatch::Exact(text.into()));
    let routes = vec![
        weighted_route(),
        route(matched, to(outbound(80, "plain.example"))),
        route(exact("/full"), redirect(Some(RedirectPath::Full("/new".into())), 302)),
        route(
            path(PathMatch::Prefix("/old".into())),
            redirect(Some(RedirectPath::Prefix("/new".into())), 308),
        ),
        route(exact("/text"), answer(Some("short and stout"), None)),
        route(exact("/bytes"), answer(None, Some("SSdtIGEgdGVhcG90"))),
        route(exact("/refused"), RouteAction::None),
        route(path(PathMatch::Prefix("/secure".into())), RouteAction::Forward(Box::new(rewritten))),
        route(any_request(), to(UpstreamName::UnknownService)),
    ];
    let only_tls =
        VirtualHost { tls: TlsRequirement::All, ..virtual_host("t.example:80", &["t.example"], Vec::new()) };
    table(
        RouteTableName::GatewayHttp { port: 8080, bind: None },
        vec![virtual_host("*:80", &["*"], routes), only_tls],
    )
}

fn balanced(algorithm: LoadBalancingAlgorithm, locality: LocalityBalancing) -> Option<LoadBalancing> {
    let slow_start =
        Some(SlowStart { window: SECOND, aggression: Some(1.5), min_weight_percent: Some(10.0) });
    Some(LoadBalancing { algorithm, slow_start, panic_threshold: Some(50.0), locality })
}

fn user_tls(
    certificate: Option<CertificateSource>,
    trust: Option<TrustSource>,
    sni: Option<&str>,
) -> Box<UpstreamTls> {
    Box::new(UpstreamTls {
        istio_mutual: false,
        certificate,
        trust,
        names: Vec::new(),
        sni: sni.map(str::to_owned),
        auto_san_validation: sni.is_none(),
        alpn: Vec::new(),
        crl: None,
        cipher_suites: strings(&["ECDHE-RSA-AES128-GCM-SHA256"]),
        ecdh_curves: strings(&["P-256"]),
        credential: false,
    })
}

fn named(name: &str, port: u16) -> EndpointGroup {
    EndpointGroup {
        locality: Some(Locality { region: "eu".into(), zone: "eu-a".into(), sub_zone: String::new() }),
        weight: Some(1),
        priority: 0,
        endpoints: vec![Endpoint {
            address: EndpointAddress::Name(name.into(), port),
            weight: Some(1),
            health: None,
            mtls: false,
            workload: Some("ext;edge;ext;;Kubernetes".into()),
        }],
    }
}

fn addresses() -> EndpointGroup {
    let endpoint =
        |address, health| Endpoint { address, weight: Some(2), health, mtls: true, workload: None };
    EndpointGroup {
        locality: None,
        weight: None,
        priority: 0,
        endpoints: vec![
            endpoint(EndpointAddress::Ip(LOOPBACK, 9000), Some(EndpointHealth::Healthy)),
            endpoint(EndpointAddress::Ip(LOOPBACK, 9001), Some(EndpointHealth::Draining)),
        ],
    }
}

fn every_limit() -> ConnectionPool {
    ConnectionPool {
        thresholds: true,
        max_connections: Some(1),
        max_pending_requests: Some(2),
        max_requests: Some(3),
        max_retries: Some(4),
        retry_budget: Some(RetryBudget { percent: 25.5, interval: Some(SECOND), min_concurrency: 5 }),
        idle_timeout: Some(SECOND),
        max_requests_per_connection: Some(6),
        max_connection_duration: Some(SECOND),
        max_concurrent_streams: Some(7),
        http2_keepalive: Some((Some(SECOND), Some(SECOND))),
        states_http: true,
        tcp_keepalive: Some(TcpKeepalive { probes: Some(8), time: Some(9), interval: Some(10) }),
    }
}

fn outlier() -> OutlierDetection {
    OutlierDetection {
        consecutive_5xx: Some(0),
        consecutive_gateway: Some(2),
        split_local_origin: true,
        consecutive_local_origin: Some(3),
        interval: Some(SECOND),
        base_ejection_time: Some(SECOND),
        max_ejection_percent: Some(80),
        error_codes: vec![StringMatch::Exact("429".into()), StringMatch::Exact("503".into())],
    }
}

fn upstreams() -> Vec<Upstream> {
    use LoadBalancingAlgorithm::{ConsistentHash as Hash, LeastRequest, Random, RoundRobin};
    let dynamic = |port| Upstream {
        external: true,
        ..upstream(
            outbound(port, "*.dyn.example"),
            Discovery::DynamicForwardProxy { cache: outbound(port, "*.dyn.example") },
        )
    };
    let pods = |name: &str, cluster_ip: bool| DnsEndpoint {
        name: name.into(),
        port: 80,
        mtls: !cluster_ip,
        cluster_ip,
    };
    let sni = "outbound_.80_.v1_.plain.example";
    vec![
        Upstream {
            protocol: UpstreamProtocol::Http2,
            pool: every_limit(),
            outlier: Some(outlier()),
            load_balancing: balanced(LeastRequest, LocalityBalancing::Weighted),
            tls: UpstreamTlsChoice::Auto(Box::new(UpstreamTls {
                alpn: strings(&["istio-peer-exchange", "istio", "h2"]),
                ..mutual_tls(sni, "spiffe://cluster.local/ns/edge/sa/plain")
            })),
            config: Some(object("DestinationRule", "edge", "plain")),
            subset: Some("v1".into()),
            stat_name: Some("plain_v1;".into()),
            ..upstream(
                subset(80, "v1", "plain.example"),
                Discovery::Pods {
                    names: vec![
                        pods("mc-plain-1.edge.svc.cluster.local", false),
                        pods("plain.edge.svc.cluster.local", true),
                    ],
                    stated: vec![addresses()],
                },
            )
        },
        Upstream {
            protocol: UpstreamProtocol::Downstream { preserve_header_case: true },
            load_balancing: balanced(RoundRobin, LocalityBalancing::None),
            ..upstream(outbound(80, "plain.example"), Discovery::Static(vec![addresses()]))
        },
        Upstream {
            protocol: UpstreamProtocol::Http1 { preserve_header_case: true },
            tls: UpstreamTlsChoice::Always(user_tls(None, Some(TrustSource::System), None)),
            load_balancing: balanced(Random, LocalityBalancing::None),
            external: true,
            ..upstream(
                outbound(443, "secure.example"),
                Discovery::StrictDns(vec![named("secure.example", 443)]),
            )
        },
        Upstream {
            tls: UpstreamTlsChoice::Always(user_tls(
                Some(CertificateSource::Files { certificate: "/c.pem".into(), key: "/k.pem".into() }),
                Some(TrustSource::File("/ca.pem".into())),
                Some("id.example"),
            )),
            proxy_protocol: Some(2),
            load_balancing: balanced(
                Hash(ConsistentHash::RingHash { minimum_size: Some(1024) }),
                LocalityBalancing::None,
            ),
            ..upstream(outbound(443, "id.example"), Discovery::LogicalDns(vec![named("id.example", 443)]))
        },
        Upstream {
            load_balancing: balanced(
                Hash(ConsistentHash::Maglev { table_size: Some(65_537) }),
                LocalityBalancing::ZoneAware { min_cluster_size: Some(3), enabled: false },
            ),
            tls: UpstreamTlsChoice::Always(user_tls(None, None, Some("mongo.example"))),
            ..upstream(outbound(27017, "mongo.example"), Discovery::Static(Vec::new()))
        },
        dynamic(80),
        dynamic(443),
        Upstream {
            bind_source: vec![LOOPBACK, "::6".parse().unwrap()],
            cleanup_interval: Some(SECOND),
            explicit_common_lb: true,
            proxy_protocol: Some(1),
            ..upstream(
                UpstreamName::Inbound { port: 8080 },
                Discovery::OriginalDestination { port_override: Some(8080) },
            )
        },
        upstream(UpstreamName::BlackHole, Discovery::Static(Vec::new())),
    ]
}
