//! The harness with configuration that is written here, so that a fault of the harness is told from one of the compiler.

use std::fs;
use std::path::Path;

use meshc_live::{Input, Report, RunOptions, run};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use serde_json::{Value, json};

use crate::machine;

const TRAFFIC: &str = r"
applications:
  shop.server:
    paths:
      /flaky: {fault: {status: 503, attempts: 1}}
outside:
  stranger: {}
  elsewhere:
    hosts: [www.example.com]
    application: {ports: {80: http}}
calls:
- name: a captured call arrives over mutual TLS
  from: shop.client
  request: {url: 'http://server:8080/hello?x=1', headers: {end-user: jason}}
  repeat: 20
  concurrency: 4
  expect:
    status: 200
    servedBy: shop.server
    receivedPath: /hello?x=1
    receivedAuthority: server:8080
    receivedHeaders: {end-user: jason, x-peer: 'spiffe://cluster.local/ns/shop/sa/client'}
    seen: {shop.server: {requests: 20}}
- name: a port that is neither captured nor open is refused
  from: stranger
  request: {url: 'http://plain/', connectTo: 'pod:shop.plain'}
  expect: {fails: [refused]}
- name: plaintext to the port of the application is closed by its proxy
  from: stranger
  request: {url: 'http://server:8080/', connectTo: 'pod:shop.server'}
  expect: {fails: [reset, closed], seen: {shop.server: {requests: 0}}}
- name: a failing application is seen
  from: shop.client
  request: {url: 'http://server.shop.svc.cluster.local:8080/flaky'}
  expect: {status: 503, servedBy: shop.server}
- name: kube-proxy leads from a cluster address to a pod
  from: stranger
  request: {url: 'http://plain.shop.svc.cluster.local/'}
  expect: {status: 200, servedBy: shop.plain}
- name: external names lead out of the mesh
  from: stranger
  request: {url: 'http://www.example.com/'}
  expect: {status: 200, servedBy: elsewhere}
- name: other names do not exist
  from: stranger
  request: {url: 'http://nowhere.shop.svc.cluster.local/'}
  expect: {fails: [unresolved]}
";

const CAPTURE: &str = "*nat\n\
    -N OUT\n\
    -A PREROUTING -p tcp -m multiport ! --dports 15021 -j REDIRECT --to-ports 15006\n\
    -A OUTPUT -p tcp -j OUT\n\
    -A OUT -o lo -j RETURN\n\
    -A OUT -m owner --uid-owner 1337 -j RETURN\n\
    -A OUT -d 127.0.0.1/32 -j RETURN\n\
    -A OUT -p tcp -j REDIRECT --to-ports 15001\n\
    COMMIT\n";

#[test]
fn a_mesh_by_hand_behaves_as_its_configuration_says() {
    for version in machine::ENVOYS {
        let Some(envoy) = machine::envoy(version) else { return };
        let folder = tempfile::tempdir().unwrap();
        let manifests = folder.path().join("manifests");
        write_manifests(&manifests);
        let traffic = folder.path().join("traffic.yaml");
        fs::write(&traffic, TRAFFIC).unwrap();
        let report = run(
            &RunOptions {
                scenario: "by hand".to_owned(),
                input: Input::Manifests(vec![manifests]),
                traffic,
                envoy,
                meshc_proxy: None,
                program: machine::program(),
                keep: None,
            },
            &mut |progress| println!("{progress}"),
        )
        .unwrap();
        println!("{}", report.table());
        assert!(report.passed(), "{}", report.table());
    }
}

#[test]
fn a_bootstrap_that_envoy_refuses_is_told_with_its_reason() {
    let Some(envoy) = machine::envoy(machine::ENVOYS[1]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let manifests = folder.path().join("manifests");
    write_manifests(&manifests);
    let config = manifests.join("config-server.yaml");
    let broken = fs::read_to_string(&config).unwrap().replace("ORIGINAL_DST", "NO_SUCH_TYPE");
    fs::write(&config, broken).unwrap();
    let traffic = folder.path().join("traffic.yaml");
    fs::write(&traffic, TRAFFIC).unwrap();
    let result: Result<Report, _> = run(
        &RunOptions {
            scenario: "by hand".to_owned(),
            input: Input::Manifests(vec![manifests]),
            traffic,
            envoy,
            meshc_proxy: None,
            program: machine::program(),
            keep: None,
        },
        &mut |progress| println!("{progress}"),
    );
    let error = result.unwrap_err().to_string();
    assert!(error.contains("shop.server") && error.contains("NO_SUCH_TYPE"), "{error}");
}

pub(crate) fn write_manifests(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let write = |name: &str, object: &Value| {
        fs::write(folder.join(format!("{name}.yaml")), object.to_string()).unwrap()
    };
    let ca = authority();
    for (name, bootstrap) in [("client", client()), ("server", server())] {
        let sds = |secret: &str, body: Value| {
            let mut resource = body;
            resource["@type"] = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret".into();
            resource["name"] = secret.into();
            json!({ "resources": [resource] }).to_string()
        };
        let file = |file: &str| json!({ "filename": format!("/var/run/secrets/meshc/..data/{file}") });
        let watched = json!({ "path": "/var/run/secrets/meshc" });
        let certificate = json!({ "tls_certificate": {
            "certificate_chain": file("tls.crt"), "private_key": file("tls.key"), "watched_directory": watched } });
        let roots =
            json!({ "validation_context": { "trusted_ca": file("ca.crt"), "watched_directory": watched } });
        write(
            &format!("config-{name}"),
            &json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": format!("mc-{name}"), "namespace": "shop" },
                "data": { "envoy.json": bootstrap.to_string(), "default.json": sds("default", certificate), "rootca.json": sds("ROOTCA", roots) } }),
        );
        write(&format!("secret-{name}"), &leaf(&ca, name));
        write(&format!("pod-{name}"), &workload(name));
    }
    let service = |name: &str, app: &str, spec: Value| {
        let mut spec = spec;
        spec["selector"] = json!({ "app": app });
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": name, "namespace": "shop" }, "spec": spec })
    };
    write("service-headless", &service("mc-server", "server", json!({ "clusterIP": "None" })));
    write(
        "service-server",
        &service("server", "server", json!({ "ports": [{ "name": "http", "port": 8080 }] })),
    );
    write(
        "service-plain",
        &service("plain", "plain", json!({ "ports": [{ "port": 80, "targetPort": "web" }] })),
    );
    let container =
        json!({ "name": "app", "image": "app", "ports": [{ "name": "web", "containerPort": 8080 }] });
    write("pod-plain", &deployment("plain", &json!({ "containers": [container] })));
}

fn deployment(name: &str, pod: &Value) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name, "namespace": "shop" },
        "spec": { "template": { "metadata": { "labels": { "app": name } }, "spec": pod } } })
}

fn workload(name: &str) -> Value {
    let probe = json!({ "httpGet": { "path": "/healthz/ready", "port": 15021 } });
    let proxy = json!({
        "name": "meshc-proxy", "image": "docker.io/envoyproxy/envoy:distroless", "restartPolicy": "Always",
        "args": ["-c", "/etc/meshc/envoy.json", "--service-node", "$(POD_NAME).shop", "--concurrency", "1"],
        "env": [{ "name": "POD_NAME", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } }],
        "securityContext": { "runAsUser": 1337 }, "startupProbe": probe, "readinessProbe": probe,
        "volumeMounts": [{ "name": "config", "mountPath": "/etc/meshc" }, { "name": "certs", "mountPath": "/var/run/secrets/meshc" }],
    });
    let capture = json!({ "name": "meshc-capture", "image": "any", "command": ["sh", "-c", "printf '%s' \"$0\" | iptables-restore", CAPTURE] });
    let application = json!({ "name": "app", "image": "app", "ports": [{ "containerPort": 8080 }] });
    deployment(
        name,
        &json!({
            "serviceAccountName": name, "initContainers": [capture, proxy], "containers": [application],
            "volumes": [{ "name": "config", "configMap": { "name": format!("mc-{name}") } }, { "name": "certs", "secret": { "secretName": format!("sa-{name}") } }],
        }),
    )
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::OrganizationName, "by hand");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn leaf(ca: &CertifiedIssuer<'static, KeyPair>, name: &str) -> Value {
    let mut params = CertificateParams::default();
    params.subject_alt_names =
        vec![SanType::URI(format!("spiffe://cluster.local/ns/shop/sa/{name}").try_into().unwrap())];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, ca).unwrap();
    let pem = |label: &str, der: &[u8]| {
        pem_rfc7468::encode_string(label, pem_rfc7468::LineEnding::LF, der).unwrap()
    };
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": format!("sa-{name}"), "namespace": "shop" },
        "stringData": { "ca.crt": pem("CERTIFICATE", ca.der()), "tls.crt": pem("CERTIFICATE", certificate.der()), "tls.key": pem("PRIVATE KEY", key.serialized_der()) } })
}

fn common_tls() -> Value {
    let source = |file: &str| json!({ "path_config_source": { "path": format!("/etc/meshc/{file}") }, "resource_api_version": "V3" });
    json!({ "alpn_protocols": ["istio"],
        "tls_certificate_sds_secret_configs": [{ "name": "default", "sds_config": source("default.json") }],
        "validation_context_sds_secret_config": { "name": "ROOTCA", "sds_config": source("rootca.json") } })
}

fn http(name: &str, routes: &Value, more: &Value) -> Value {
    let mut manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": routes }] },
        "http_filters": [{ "name": "router", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } }],
    });
    for (key, value) in more.as_object().unwrap() {
        manager[key] = value.clone();
    }
    json!({ "name": "http", "typed_config": manager })
}

fn listener(name: &str, port: u16, chain: &Value) -> Value {
    json!({ "name": name, "address": { "socket_address": { "address": "0.0.0.0", "port_value": port } }, "filter_chains": [chain] })
}

fn bootstrap(listeners: &[Value], cluster: &Value) -> Value {
    let ready = http(
        "ready",
        &json!([{ "match": { "path": "/healthz/ready" }, "direct_response": { "status": 200 } }]),
        &json!({}),
    );
    let mut all = vec![listener("ready", 15021, &json!({ "filters": [ready] }))];
    all.extend_from_slice(listeners);
    json!({ "node": { "cluster": "x" },
        "admin": { "address": { "socket_address": { "address": "127.0.0.1", "port_value": 15000 } } },
        "static_resources": { "listeners": all, "clusters": [cluster] } })
}

fn client() -> Value {
    let routes = json!([{ "match": { "prefix": "/" }, "route": { "cluster": "server" } }]);
    let outbound =
        listener("outbound", 15001, &json!({ "filters": [http("outbound", &routes, &json!({}))] }));
    let tls = json!({ "name": "tls", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", "common_tls_context": common_tls() } });
    let endpoint = json!({ "endpoint": { "address": { "socket_address": { "address": "mc-server.shop.svc.cluster.local.", "port_value": 8080 } } } });
    let cluster = json!({ "name": "server", "type": "STRICT_DNS", "dns_lookup_family": "V4_ONLY", "dns_refresh_rate": "1s",
        "transport_socket": tls, "load_assignment": { "cluster_name": "server", "endpoints": [{ "lb_endpoints": [endpoint] }] } });
    bootstrap(&[outbound], &cluster)
}

fn server() -> Value {
    let routes = json!([{ "match": { "prefix": "/" }, "route": { "cluster": "application" },
        "request_headers_to_add": [{ "header": { "key": "x-peer", "value": "%DOWNSTREAM_PEER_URI_SAN%" }, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD" }] }]);
    let tls = json!({ "name": "tls", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "require_client_certificate": true, "common_tls_context": common_tls() } });
    let chain = json!({ "filter_chain_match": { "transport_protocol": "tls" }, "transport_socket": tls, "filters": [http("inbound", &routes, &json!({}))] });
    let mut inbound = listener("inbound", 15006, &chain);
    inbound["listener_filters"] = json!([
        { "name": "original", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst" } },
        { "name": "tls", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector" } },
    ]);
    let cluster = json!({ "name": "application", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED",
        "upstream_bind_config": { "source_address": { "address": "127.0.0.6", "port_value": 0 } } });
    bootstrap(&[inbound], &cluster)
}
