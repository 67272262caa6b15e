//! The same decisions as Envoy, and mTLS with it both ways. Without Envoy these tests say so and pass, except with `CI` set.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::http::{Backend, get, http, start, to};
use crate::mesh::Root;
use crate::proxy::{ask, eventually, free_port, upstream};
use crate::tls;

/// The Envoy that `ci/setup` installs.
fn binary() -> Option<PathBuf> {
    let folder = std::env::var_os("MESHC_ENVOY_DIR").map(PathBuf::from).or_else(|| {
        let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
        Some(cache?.join("meshc").join("envoy"))
    });
    let binary = folder?.join("envoy-1.40.0").join("bin").join("envoy");
    if binary.is_file() {
        return Some(binary);
    }
    assert!(std::env::var_os("CI").is_none(), "there is no Envoy at {}: run ci/setup", binary.display());
    eprintln!("skipped: there is no Envoy at {}, which ci/setup installs", binary.display());
    None
}

struct Envoy {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Envoy {
    /// Starts it with a listener and a cluster, and waits until it is ready.
    fn start(binary: &Path, listener: &Value, cluster: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let admin = free_port();
        let bootstrap = json!({
            "admin": {"address": address(SocketAddr::from(([127, 0, 0, 1], admin)))},
            "static_resources": {"listeners": [listener], "clusters": [cluster]},
        });
        let path = folder.path().join("envoy.json");
        std::fs::write(&path, bootstrap.to_string()).unwrap();
        let mut command = Command::new(binary);
        command.args(["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error", "-c"]).arg(path);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        eventually(
            || {
                assert!(child.try_wait().unwrap().is_none(), "Envoy has ended");
                std::net::TcpStream::connect(("127.0.0.1", admin)).is_ok()
                    && ask(admin, "GET", "/ready").0 == 200
            },
            "Envoy is ready",
        );
        Self { child, _folder: folder }
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(of: SocketAddr) -> Value {
    json!({"socket_address": {"address": of.ip().to_string(), "port_value": of.port()}})
}

fn listener(port: u16, chain: &Value) -> Value {
    json!({
        "name": "listener",
        "address": address(SocketAddr::from(([127, 0, 0, 1], port))),
        "filter_chains": [chain],
    })
}

/// A filter chain that forwards everything to the cluster.
fn chain(route: &Value) -> Value {
    json!({"filters": [{
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "http",
            "forward_client_cert_details": "APPEND_FORWARD",
            "set_current_client_cert_details": {"uri": true, "subject": true},
            "http_filters": [{
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
            }],
            "route_config": {"virtual_hosts": [{
                "name": "all",
                "domains": ["*"],
                "routes": [{"match": {"prefix": "/"}, "route": route}],
            }]},
        },
    }]})
}

fn cluster(endpoints: &[(SocketAddr, u32)], further: Value) -> Value {
    let endpoint = |(of, weight): &(SocketAddr, u32)| json!({"endpoint": {"address": address(*of)}, "load_balancing_weight": weight});
    let mut cluster = json!({
        "name": "server",
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": "server",
            "endpoints": [{"lb_endpoints": endpoints.iter().map(endpoint).collect::<Vec<_>>()}],
        },
    });
    let Value::Object(further) = further else { panic!("no object") };
    cluster.as_object_mut().unwrap().extend(further);
    cluster
}

#[test]
fn a_hash_picks_the_server_that_envoy_picks() {
    let Some(binary) = binary() else { return };
    for (policy, ours) in
        [("RING_HASH", json!({"ringHash": {"minimumSize": 1024}})), ("MAGLEV", json!({"maglev": {}}))]
    {
        for weights in [[1, 1, 1], [3, 1, 2]] {
            let backends: Vec<Backend> = ["a", "b", "c"].iter().map(|name| Backend::saying(name)).collect();
            let endpoints: Vec<(SocketAddr, u32)> =
                backends.iter().map(|backend| backend.address).zip(weights).collect();
            let port = free_port();
            let route = json!({"cluster": "server", "hash_policy": [{"header": {"header_name": "x-user"}}]});
            let cluster = cluster(&endpoints, json!({"lb_policy": policy}));
            let _envoy = Envoy::start(&binary, &listener(port, &chain(&route)), &cluster);

            let mut all = upstream(backends[0].address);
            let endpoint = |(of, weight): &(SocketAddr, u32)| json!({"address": {"ip": [of.ip().to_string(), of.port()]}, "weight": weight});
            all["discovery"]["endpoints"]["groups"][0]["endpoints"] =
                endpoints.iter().map(endpoint).collect();
            all["loadBalancing"] = json!({"consistentHash": ours});
            let mut route = to("server");
            route["action"]["forward"]["hashPolicies"] = json!([{"header": "x-user"}]);
            let proxy = start("outbound", &http(&json!([route])), &[("server", all)]);
            for number in 0..100 {
                let user = [("x-user", format!("user-{number}"))];
                let user = [(user[0].0, user[0].1.as_str())];
                let (theirs, ours) = (get(port, "/", &user).body, get(proxy.port, "/", &user).body);
                assert_eq!(ours, theirs, "{policy} {weights:?} {user:?}");
            }
        }
    }
}

/// The certificate of an identity and what it trusts, as Envoy has them.
fn common_tls(identity: &Value, alpn: &[&str], names: &Value) -> Value {
    let files = &identity["files"];
    json!({
        "alpn_protocols": alpn,
        "tls_certificates": [{
            "certificate_chain": {"filename": files["certificate"]},
            "private_key": {"filename": files["key"]},
        }],
        "validation_context": {
            "trusted_ca": {"filename": files["roots"]},
            "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": names}],
        },
    })
}

#[test]
fn envoy_is_a_client_of_the_mesh() {
    let Some(binary) = binary() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let backend = Backend::saying("hello");
    let (_server, port) = tls::server(&tls::issued(&root, folder.path(), "server"), backend.address);
    let identity = tls::issued(&root, folder.path(), "client");
    let protocols = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    for (alpn, options, name, status) in [
        (["istio-http/1.1", "istio", "http/1.1"], "http_protocol_options", "server", 200),
        (["istio-h2", "istio", "h2"], "http2_protocol_options", "server", 200),
        (["istio-http/1.1", "istio", "http/1.1"], "http_protocol_options", "other", 503),
    ] {
        let names = json!({"exact": format!("spiffe://cluster.local/ns/shop/sa/{name}")});
        let further = json!({
            "transport_socket": {
                "name": "envoy.transport_sockets.tls",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                    "sni": "outbound_.80_._.server.shop.svc.cluster.local",
                    "common_tls_context": common_tls(&identity, &alpn, &names),
                },
            },
            "typed_extension_protocol_options": {(protocols): {
                "@type": format!("type.googleapis.com/{protocols}"),
                "explicit_http_config": {(options): {}},
            }},
        });
        let entry = free_port();
        let cluster = cluster(&[(SocketAddr::from(([127, 0, 0, 1], port)), 1)], further);
        let _envoy = Envoy::start(&binary, &listener(entry, &chain(&json!({"cluster": "server"}))), &cluster);
        let answer = get(entry, "/", &[]);
        assert_eq!(answer.status, status, "{alpn:?} {name}: {}", answer.body);
        if status == 200 {
            let certificate = backend.last().header("x-forwarded-client-cert").unwrap();
            assert!(certificate.contains("URI=spiffe://cluster.local/ns/shop/sa/client"), "{certificate}");
        }
    }
}

#[test]
fn envoy_is_a_server_of_the_mesh() {
    let Some(binary) = binary() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let backend = Backend::saying("hello");
    let port = free_port();
    let mut chain = chain(&json!({"cluster": "server"}));
    let names = json!({"prefix": "spiffe://cluster.local/"});
    let identity = tls::issued(&root, folder.path(), "server");
    chain["filter_chain_match"] =
        json!({"transport_protocol": "tls", "application_protocols": ["istio-http/1.1", "istio-h2"]});
    chain["transport_socket"] = json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": true,
            "common_tls_context": common_tls(&identity, &["h2", "http/1.1"], &names),
        },
    });
    let mut listener = listener(port, &chain);
    listener["listener_filters"] = json!([{
        "name": "envoy.filters.listener.tls_inspector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
        },
    }]);
    let _envoy = Envoy::start(&binary, &listener, &cluster(&[(backend.address, 1)], json!({})));
    for protocol in ["http1", "http2"] {
        let identity = tls::issued(&root, folder.path(), "client");
        let (_client, entry) = tls::client(&identity, protocol, "server", port);
        let answer = get(entry, "/", &[]);
        assert_eq!(answer.body, "hello", "{protocol}: {}", answer.head);
        let certificate = backend.last().header("x-forwarded-client-cert").unwrap();
        assert!(certificate.contains("URI=spiffe://cluster.local/ns/shop/sa/client"), "{certificate}");
    }
    let foreign = tempfile::tempdir().unwrap();
    let identity = tls::issued(&Root::new(), foreign.path(), "client");
    std::fs::write(identity["files"]["roots"].as_str().unwrap(), &root.pem).unwrap();
    let (_client, entry) = tls::client(&identity, "http1", "server", port);
    assert_eq!(get(entry, "/", &[]).status, 503);
}
