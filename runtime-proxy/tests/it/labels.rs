//! Labels of Istio's metrics in what `meshc build --target proxy` makes of Bookinfo: productpage calls reviews, a proxy on each side.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::http::{Backend, get, request, send};
use crate::mesh::Root;
use crate::proxy::{Proxy, connect, echo_server, eventually, free_port, loopback, upstream};

/// The compiled configuration of a workload, as the golden files have it.
fn compiled(workload: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../golden/proxy/bookinfo/bootstrap");
    std::fs::read_to_string(format!("{folder}/bookinfo.{workload}/proxy.json")).unwrap()
}

/// Starts the proxy of a workload with one of its listeners, on a port of the loopback address where there is no capture. Of its
/// upstreams it has some that are elsewhere than in the cluster, and those that need no names.
fn start(
    workload: &str,
    identity: Value,
    listener: &str,
    port: u16,
    elsewhere: &[(&str, SocketAddr)],
) -> Proxy {
    start_changed(workload, identity, listener, port, elsewhere, |text| serde_json::from_str(text).unwrap())
}

/// The same with a configuration that is changed first.
fn start_changed(
    workload: &str,
    identity: Value,
    listener: &str,
    port: u16,
    elsewhere: &[(&str, SocketAddr)],
    change: impl FnOnce(&str) -> Value,
) -> Proxy {
    let mut config = change(&compiled(workload));
    config["identity"] = identity;
    config["admin"] =
        json!({ "port": free_port(), "statusPort": free_port(), "prometheusPort": free_port() });
    let listeners = config["listeners"].as_array_mut().unwrap();
    listeners.retain(|one| one["name"] == listener);
    let [listener] = listeners.as_mut_slice() else { panic!("no listener {listener}") };
    listener["bind"] = json!([{ "ip": ["127.0.0.1", port] }]);
    listener["capture"] = "bound".into();
    for chain in listener["chains"].as_array_mut().unwrap() {
        if chain["matches"]["destinationPort"] == 9080 {
            chain["matches"]["destinationPort"] = port.into();
        }
    }
    let upstreams = config["upstreams"].as_object_mut().unwrap();
    upstreams
        .retain(|name, _| !name.starts_with("outbound|") || elsewhere.iter().any(|(kept, _)| kept == name));
    for (name, address) in elsewhere {
        let found = upstreams.get_mut(*name).unwrap_or_else(|| panic!("no upstream {name}"));
        let mtls = found["discovery"].pointer("/endpoints/groups/0/endpoints/0/mtls").cloned();
        found["discovery"] = upstream(*address)["discovery"].clone();
        if let Some(mtls) = mtls {
            found["discovery"]["endpoints"]["groups"][0]["endpoints"][0]["mtls"] = mtls;
        }
    }
    Proxy::start(config)
}

type Labels = BTreeMap<String, String>;

/// The series of a metric with their values.
fn series(proxy: &Proxy, metric: &str) -> Vec<(Labels, f64)> {
    let (_, text) = proxy.get(proxy.prometheus, "/stats/prometheus");
    let lines = text.lines().filter_map(|line| line.strip_prefix(metric)?.strip_prefix('{'));
    let parsed = lines.map(|line| {
        let (labels, value) = line.rsplit_once("} ").unwrap();
        let labels = labels.split("\",").map(|label| {
            let (name, value) = label.split_once("=\"").unwrap();
            (name.to_owned(), value.trim_end_matches('"').to_owned())
        });
        (labels.collect(), value.parse().unwrap())
    });
    parsed.collect()
}

/// The labels of one workload on one side.
fn side(side: &str, [workload, namespace, app, version, principal, cluster]: [&str; 6]) -> Labels {
    [
        ("workload", workload.to_owned()),
        ("workload_namespace", namespace.to_owned()),
        ("app", app.to_owned()),
        ("version", version.to_owned()),
        ("canonical_service", app.to_owned()),
        ("canonical_revision", if version == "unknown" { "latest" } else { version }.to_owned()),
        ("principal", principal.to_owned()),
        ("cluster", cluster.to_owned()),
    ]
    .map(|(name, value)| (format!("{side}_{name}"), value))
    .into()
}

const PRODUCTPAGE: [&str; 6] = [
    "productpage-v1",
    "bookinfo",
    "productpage",
    "v1",
    "spiffe://cluster.local/ns/bookinfo/sa/productpage",
    "Kubernetes",
];
const REVIEWS: [&str; 6] = [
    "reviews-v2",
    "bookinfo",
    "reviews",
    "v2",
    "spiffe://cluster.local/ns/bookinfo/sa/reviews",
    "Kubernetes",
];
/// Istio's word for a canonical revision that is not known is another one.
const NOBODY: [&str; 6] = ["unknown"; 6];

/// All labels of a series.
fn labels(source: [&str; 6], destination: [&str; 6], others: &[(&str, &str)]) -> Labels {
    let mut all = side("source", source);
    all.extend(side("destination", destination));
    all.extend(others.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all
}

const TO_REVIEWS: [(&str, &str); 3] = [
    ("destination_service", "reviews.bookinfo.svc.cluster.local"),
    ("destination_service_name", "reviews"),
    ("destination_service_namespace", "bookinfo"),
];

fn http(
    reporter: &'static str,
    code: &'static str,
    flags: &'static str,
    policy: &'static str,
) -> Vec<(&'static str, &'static str)> {
    let mut all = TO_REVIEWS.to_vec();
    all.extend([
        ("reporter", reporter),
        ("request_protocol", "http"),
        ("response_code", code),
        ("grpc_response_status", ""),
        ("response_flags", flags),
        ("connection_security_policy", policy),
    ]);
    all
}

struct Bookinfo {
    client: Proxy,
    server: Proxy,
    port: u16,
    _folder: tempfile::TempDir,
}

fn bookinfo(backend: &Backend) -> Bookinfo {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let (port, inbound) = (free_port(), free_port());
    let issue = |account: &str| root.issue_in(folder.path(), "bookinfo", account);
    let server = start(
        "reviews-v2",
        issue("reviews"),
        "virtualInbound",
        inbound,
        &[("inbound|9080||", backend.address)],
    );
    let elsewhere = [
        ("outbound|9080|v2|reviews.bookinfo.svc.cluster.local", loopback(inbound)),
        ("PassthroughCluster", echo_server()),
    ];
    let client = start("productpage-v1", issue("productpage"), "0.0.0.0_9080", port, &elsewhere);
    Bookinfo { client, server, port, _folder: folder }
}

#[test]
fn requests_have_istios_labels_on_both_sides() {
    let backend = Backend::saying("ok");
    let mesh = bookinfo(&backend);
    let tester = [("Host", "reviews:9080"), ("end-user", "jason")];
    assert_eq!(get(mesh.port, "/reviews/0", &tester).body, "ok");
    // The policy of reviews lets productpage read and nothing else.
    assert_eq!(send(mesh.port, &request("DELETE", "/reviews/0", &tester)).status, 403);
    // Of the versions that everybody else gets, this proxy has none.
    assert_eq!(get(mesh.port, "/reviews/0", &[("Host", "reviews:9080")]).status, 503);
    let counted = |proxy: &Proxy| series(proxy, "istio_requests_total").into_iter().collect::<Vec<_>>();
    eventually(|| counted(&mesh.client).len() == 3 && counted(&mesh.server).len() == 2, "five series");
    let at_client: BTreeSet<Labels> = counted(&mesh.client).into_iter().map(|(labels, _)| labels).collect();
    let expected = [
        labels(PRODUCTPAGE, REVIEWS, &http("source", "200", "-", "unknown")),
        labels(PRODUCTPAGE, REVIEWS, &http("source", "403", "-", "unknown")),
    ];
    for expected in expected {
        assert!(at_client.contains(&expected), "{expected:#?} is not in {at_client:#?}");
    }
    let unknown = at_client.iter().find(|labels| labels["response_code"] == "503").unwrap();
    assert_eq!((unknown["response_flags"].as_str(), unknown["reporter"].as_str()), ("NC", "source"));
    let at_server: BTreeSet<Labels> = counted(&mesh.server).into_iter().map(|(labels, _)| labels).collect();
    let expected = [
        labels(PRODUCTPAGE, REVIEWS, &http("destination", "200", "-", "mutual_tls")),
        labels(PRODUCTPAGE, REVIEWS, &http("destination", "403", "-", "mutual_tls")),
    ];
    assert_eq!(at_server, BTreeSet::from(expected));
    let durations = series(&mesh.server, "istio_request_duration_milliseconds_count");
    assert_eq!(durations.iter().map(|(labels, _)| labels.clone()).collect::<BTreeSet<_>>(), at_server);
    assert!(durations.iter().all(|(_, count)| (*count - 1.0).abs() < f64::EPSILON));
    let buckets = series(&mesh.server, "istio_request_duration_milliseconds_bucket");
    assert!(buckets.iter().any(|(labels, _)| labels.get("le").is_some_and(|le| le == "+Inf")));
}

#[test]
fn bytes_to_no_service_are_counted_under_the_name_of_the_cluster() {
    let mesh = bookinfo(&Backend::saying("ok"));
    let mut stream = connect(mesh.port);
    stream.write_all(b"\x01\x02no HTTP\r\n").unwrap();
    let mut back = [0; 11];
    stream.read_exact(&mut back).unwrap();
    drop(stream);
    // The series is there, with nothing counted, from the moment at which the connection is opened.
    let closed = || series(&mesh.client, "istio_tcp_connections_closed_total");
    eventually(|| closed().iter().any(|(_, count)| *count > 0.5), "the end of the connection is counted");
    let others = [
        ("destination_service", "unknown"),
        ("destination_service_name", "PassthroughCluster"),
        ("destination_service_namespace", "unknown"),
        ("reporter", "source"),
        ("request_protocol", "tcp"),
        ("response_flags", "-"),
        ("connection_security_policy", "unknown"),
    ];
    let expected = labels(PRODUCTPAGE, NOBODY, &others);
    for (metric, value) in [
        ("istio_tcp_connections_opened_total", 1.0),
        ("istio_tcp_connections_closed_total", 1.0),
        ("istio_tcp_received_bytes_total", 11.0),
        ("istio_tcp_sent_bytes_total", 11.0),
    ] {
        assert_eq!(series(&mesh.client, metric), [(expected.clone(), value)], "{metric}");
    }
}

/// The labels of traffic to no service.
fn outside(service: &str, name: &str, others: &[(&str, &str)]) -> Labels {
    let service = [
        ("destination_service", service),
        ("destination_service_name", name),
        ("destination_service_namespace", "unknown"),
        ("reporter", "source"),
        ("connection_security_policy", "unknown"),
    ];
    labels(PRODUCTPAGE, NOBODY, &[&service, others].concat())
}

/// The only series of a metric, once it is there.
fn only(proxy: &Proxy, metric: &str) -> Labels {
    eventually(|| !series(proxy, metric).is_empty(), "something is counted");
    let [(labels, value)] = series(proxy, metric).try_into().unwrap();
    assert!((value - 1.0_f64).abs() < f64::EPSILON);
    labels
}

#[test]
fn requests_for_unknown_hosts_count_for_istios_clusters_and_tell_the_host() {
    let backend = Backend::saying("ok");
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let refusing = json!({ "directResponse": { "status": 502 } });
    for (refused, cluster, status) in
        [(false, "PassthroughCluster", "200"), (true, "BlackHoleCluster", "502")]
    {
        let port = free_port();
        let identity = root.issue_in(folder.path(), "bookinfo", "productpage");
        let passed = [("PassthroughCluster", backend.address)];
        let client = start_changed("productpage-v1", identity, "0.0.0.0_9080", port, &passed, |text| {
            // As outbound traffic policy REGISTRY_ONLY has it.
            let mut table: Value = serde_json::from_str(text).unwrap();
            for host in table["routeTables"]["9080"]["virtualHosts"].as_array_mut().unwrap() {
                if refused && host["name"] == "allow_any" {
                    host["name"] = "block_all".into();
                    host["routes"][0]["name"] = "block_all".into();
                    host["routes"][0]["action"] = refusing.clone();
                }
            }
            table
        });
        let answer = get(port, "/", &[("Host", "api.example.com:9080")]);
        assert_eq!(answer.status.to_string(), status);
        let http = [
            ("request_protocol", "http"),
            ("response_code", status),
            ("grpc_response_status", ""),
            ("response_flags", "-"),
        ];
        let expected = outside("api.example.com:9080", cluster, &http);
        assert_eq!(only(&client, "istio_requests_total"), expected);
    }
}

#[test]
fn connections_that_nothing_takes_count_for_the_cluster_that_refuses_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    for (named, name, flags) in [("BlackHoleCluster", "BlackHoleCluster", "UH"), ("nothing", "unknown", "NC")]
    {
        let port = free_port();
        let identity = root.issue_in(folder.path(), "bookinfo", "productpage");
        let client =
            start_changed("productpage-v1", identity, "0.0.0.0_9080", port, &[], |text| {
                serde_json::from_str(&text.replace(
                    "{\"upstream\": \"PassthroughCluster\"}",
                    &json!({ "upstream": named }).to_string(),
                ))
                .unwrap()
            });
        let mut stream = connect(port);
        stream.write_all(b"\x01\x02no HTTP\r\n").unwrap();
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)), "nobody answers");
        let tcp = [("request_protocol", "tcp"), ("response_flags", flags)];
        for metric in ["istio_tcp_connections_opened_total", "istio_tcp_connections_closed_total"] {
            assert_eq!(only(&client, metric), outside("unknown", name, &tcp), "{metric}");
        }
    }
}
