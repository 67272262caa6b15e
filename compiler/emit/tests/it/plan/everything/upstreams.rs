//! Upstreams of every kind.

use super::super::*;
use super::SECOND;

fn balanced(algorithm: LoadBalancingAlgorithm, locality: LocalityBalancing) -> Option<LoadBalancing> {
    let slow_start =
        Some(SlowStart { window: SECOND, aggression: Some(1.5), min_weight_percent: Some(10.0) });
    Some(LoadBalancing {
        algorithm,
        slow_start,
        panic_threshold: Some(50.0),
        locality,
        sessions_reach_draining: true,
    })
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

pub(super) fn upstreams() -> Vec<Upstream> {
    let dynamic = |port| Upstream {
        external: true,
        ..upstream(
            outbound(port, "*.dyn.example"),
            Discovery::DynamicForwardProxy { cache: outbound(port, "*.dyn.example") },
        )
    };
    let mut all = services();
    all.extend([
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
    ]);
    all
}

fn services() -> Vec<Upstream> {
    use LoadBalancingAlgorithm::{ConsistentHash as Hash, LeastRequest, Random, RoundRobin};
    let pods = |name: &str, cluster_ip: bool| DnsEndpoint {
        name: name.into(),
        port: 80,
        mtls: !cluster_ip,
        weight: None,
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
    ]
}
