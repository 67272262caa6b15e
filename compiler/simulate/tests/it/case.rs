//! One case of Istio's traffic simulation: a mesh, one proxy, calls and what becomes of them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use meshc_plan::{Bind, BindAddress, CertificateSource, Plan, ProxyPlan};
use meshc_simulate::{Call, CallMode, CallProtocol, CallTls, Dialled};
use serde_json::{Value, json};

use crate::compile::{compile, documents};

/// Name of the workload that the proxy of a case belongs to.
const WORKLOAD: &str = "simulated-proxy";

/// A case, compiled.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) recorded: Value,
    plan: Plan,
}

impl Case {
    pub(crate) fn read(path: &std::path::Path) -> Self {
        let recorded: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let text = |key: &str| recorded[key].as_str().unwrap_or_default().to_owned();
        let files = [
            ("istio.yaml".to_owned(), with_selectors(&text("istio_config_yaml"), &recorded["proxy"])),
            ("go.yaml".to_owned(), with_rules_after_tls(&without_copies(&recorded))),
            ("kubernetes.yaml".to_owned(), with_address_types(&text("kubernetes_yaml"))),
            ("services.yaml".to_owned(), services(&recorded["go_services"])),
            ("proxy.yaml".to_owned(), proxy(&recorded["proxy"])),
        ];
        let mut plan =
            compile(&files, &mesh_config(&recorded["mesh_config_overrides"]), &env(&recorded["features"]));
        let addresses = recorded["proxy"]["ip_addresses"].as_array().unwrap();
        if addresses.iter().any(|address| address.as_str().unwrap().contains(':')) {
            plan.proxies.values_mut().for_each(take_both_families);
        }
        Self { name: text("name"), recorded, plan }
    }

    pub(crate) fn proxy(&self) -> &ProxyPlan {
        self.plan
            .proxies
            .values()
            .find(|proxy| proxy.workload.name == WORKLOAD)
            .expect("the proxy is compiled")
    }

    /// Whether objects of the Gateway API are part of the case.
    pub(crate) fn is_of_gateway_api(&self) -> bool {
        self.mentions("gateway.networking.k8s.io/")
    }

    fn mentions(&self, words: &str) -> bool {
        let texts = ["istio_config_yaml", "go_configs_yaml", "kubernetes_yaml"];
        texts.iter().any(|key| self.recorded[key].as_str().is_some_and(|text| text.contains(words)))
    }
}

/// Istio's simulation hands connections to IPv6 addresses to the listener at 0.0.0.0, whatever Envoy does.
fn take_both_families(proxy: &mut ProxyPlan) {
    for listener in &mut proxy.listeners {
        if listener.bind.address == BindAddress::Ip(Ipv4Addr::UNSPECIFIED.into()) {
            let address = BindAddress::Ip(Ipv6Addr::UNSPECIFIED.into());
            let port = listener.bind.port;
            Arc::make_mut(listener).additional.push(Bind { address, port });
        }
    }
}

/// What the test builds in Go; objects that stand in the cluster, too, are one object.
fn without_copies(recorded: &Value) -> String {
    let cluster = recorded["kubernetes_yaml"].as_str().unwrap_or_default();
    let own = recorded["go_configs_yaml"].as_str().unwrap_or_default();
    let name = |document: &str| {
        document
            .lines()
            .find_map(|line| line.trim().strip_prefix("name: ").map(|name| name.trim_matches('"').to_owned()))
    };
    let is_copy = |document: &&str| name(document).is_some_and(|name| cluster.contains(&name));
    own.split("\n---\n").filter(|document| !is_copy(document)).collect::<Vec<_>>().join("\n---\n")
}

/// istiod marks a Gateway that it made of the Gateway API with the services whose pods run it. Servers and a selector say the
/// same: those for ports of the services, and the labels of the proxy if it serves any, else labels that nobody has.
fn with_selectors(text: &str, proxy: &Value) -> String {
    const SERVICES: &str = "internal.istio.io/gateway-service";
    if !text.contains(SERVICES) {
        return text.to_owned();
    }
    let served = proxy["computed_service_targets"].as_array().into_iter().flatten();
    let served: Vec<&Value> = served.collect();
    let mut objects = documents(text);
    for object in &mut objects {
        let Some(hosts) = object["metadata"]["annotations"][SERVICES].as_str() else { continue };
        let hosts: Vec<&str> = hosts.split(',').collect();
        let ports = served.iter().filter(|target| hosts.iter().any(|host| target["service"] == *host));
        let ports: Vec<&Value> = ports.map(|target| &target["port"]).collect();
        object["spec"]["selector"] =
            if ports.is_empty() { json!({ "has-it": "nobody" }) } else { proxy["labels"].clone() };
        let servers = object["spec"]["servers"].as_array_mut().unwrap();
        servers.retain(|server| ports.is_empty() || ports.contains(&&server["port"]["number"]));
    }
    objects.iter().map(|object| format!("---\n{object}\n")).collect()
}

/// istiod marks rules that it made of the Gateway API: those about TLS hold where TLS is terminated, too, as those about TCP do.
fn with_rules_after_tls(text: &str) -> String {
    const SEMANTICS: &str = "internal.istio.io/route-semantics";
    if !text.contains(SEMANTICS) {
        return text.to_owned();
    }
    let mut objects = documents(text);
    for object in
        objects.iter_mut().filter(|object| object["metadata"]["annotations"][SEMANTICS] == "gateway")
    {
        let rule = |rule: &Value| {
            let ports = rule["match"].as_array().unwrap().iter().map(|one| json!({ "port": one["port"] }));
            json!({ "match": ports.collect::<Vec<_>>(), "route": rule["route"] })
        };
        let rules: Vec<Value> = object["spec"]["tls"].as_array().into_iter().flatten().map(rule).collect();
        object["spec"]["tcp"] = Value::Array(rules);
    }
    objects.iter().map(|object| format!("---\n{object}\n")).collect()
}

/// The cluster of a test is a stub that takes an EndpointSlice without the address type that an API server insists on.
fn with_address_types(text: &str) -> String {
    let completed = |document: &str| {
        let lacks = document.contains("kind: EndpointSlice") && !document.contains("addressType:");
        if lacks { format!("addressType: IPv4\n{}", document.trim_start()) } else { document.to_owned() }
    };
    text.split("\n---").map(completed).collect::<Vec<_>>().join("\n---\n")
}

/// Services that a test puts into memory, as ServiceEntries: one for each port, since an endpoint may lack some.
fn services(services: &Value) -> String {
    let mut text = String::new();
    for service in services.as_array().into_iter().flatten() {
        for port in service["ports"].as_array().unwrap() {
            text.push_str(&format!("---\n{}\n", service_entry(service, port)));
        }
    }
    text
}

fn service_entry(service: &Value, port: &Value) -> Value {
    let resolution = match service["resolution"].as_str() {
        Some("ClientSide") => "STATIC",
        Some("DNSLB") => "DNS",
        _ => "NONE",
    };
    let host = service["hostname"].as_str().unwrap();
    let of_port = |endpoint: &&Value| endpoint["service_port_name"] == port["name"];
    let endpoints = service["endpoints"].as_array().into_iter().flatten().filter(of_port);
    let endpoint = |endpoint: &Value| {
        let name = port["name"].as_str().unwrap();
        json!({ "address": endpoint["addresses"][0], "ports": { name: endpoint["port"] } })
    };
    let mut spec = json!({
        "hosts": [host],
        "location": if service["mesh_external"] == true { "MESH_EXTERNAL" } else { "MESH_INTERNAL" },
        "resolution": resolution,
        "ports": [{ "name": port["name"], "number": port["port"], "protocol": port["protocol"] }],
        "endpoints": endpoints.map(endpoint).collect::<Vec<_>>(),
    });
    if let Some(address) = service["address"].as_str().filter(|address| !address.is_empty()) {
        spec["addresses"] = json!([address]);
    }
    let namespace = service["namespace"].as_str().filter(|name| !name.is_empty()).unwrap_or("default");
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": { "name": format!("{host}-{}", port["port"]), "namespace": namespace },
        "spec": spec,
    })
}

/// The pod of the proxy.
fn proxy(proxy: &Value) -> String {
    let addresses: Vec<Value> =
        proxy["ip_addresses"].as_array().unwrap().iter().map(|ip| json!({ "ip": ip })).collect();
    let router = json!({ "name": "istio-proxy", "image": "proxy", "args": ["proxy", "router"] });
    let container = if proxy["type"] == "router" { router } else { json!({ "name": "app", "image": "app" }) };
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": WORKLOAD, "namespace": proxy["metadata"]["NAMESPACE"], "labels": proxy["labels"] },
        "spec": { "containers": [container] },
        "status": { "podIP": addresses[0]["ip"], "podIPs": addresses },
    });
    format!("{pod}\n")
}

/// Overrides of the mesh configuration; what is null is left unset.
fn mesh_config(overrides: &Value) -> String {
    let stated = overrides.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    Value::Object(stated.map(|(key, value)| (key.clone(), value.clone())).collect()).to_string()
}

fn env(features: &Value) -> String {
    let variables = features.as_object().into_iter().flatten();
    variables.map(|(name, value)| format!("{name}={}\n", value.as_str().unwrap())).collect()
}

/// The call of a case.
pub(crate) fn call(recorded: &Value, proxy_type: &str) -> Call {
    let call = &recorded["call"]["effective"];
    let text = |key: &str| call[key].as_str().map(str::to_owned);
    let mode = match call["mode"].as_str() {
        Some("inbound") => CallMode::Inbound,
        Some("outbound") => CallMode::Outbound,
        _ if proxy_type == "router" => CallMode::Gateway,
        _ => CallMode::Outbound,
    };
    let accepts =
        match call["mtls_secret_config_name"].as_str().and_then(|name| name.strip_prefix("file-cert:")) {
            Some(files) => {
                let (certificate, key) = files.split_once('~').unwrap();
                CertificateSource::Files { certificate: certificate.to_owned(), key: key.to_owned() }
            }
            None => CertificateSource::Workload,
        };
    let tls = match call["tls"].as_str() {
        Some("mtls") => CallTls::Mutual { accepts: Some(accepts) },
        Some("tls") => CallTls::Tls,
        // Only TLS can state a server name.
        _ if call["sni"].is_string() => CallTls::Tls,
        _ => CallTls::Plaintext,
    };
    let address = text("address").filter(|address| address != "1.3.3.7");
    Call {
        dialled: address.map_or(Dialled::Anything, |address| Dialled::Ip(address.parse().unwrap())),
        protocol: match call["protocol"].as_str() {
            Some("http") => CallProtocol::Http1,
            Some("http2") => CallProtocol::Http2,
            _ => CallProtocol::Tcp,
        },
        tls,
        server_name: text("sni"),
        alpn: text("alpn").into_iter().collect(),
        host: text("host_header"),
        path: text("path").unwrap(),
        ..Call::new(mode, u16::try_from(call["port"].as_u64().unwrap()).unwrap())
    }
}
