//! PeerAuthentications and RequestAuthentications become what Istio's own tests expect of them.

use std::path::Path;

use meshc_plan::{FilterChain, HttpFilter, Jwks, JwtProvider, NetworkFilter, Plan};
use serde_json::{Value, json};

use crate::support;

/// A workload with a port that the cases look at, one that carries HTTP and one that carries bytes.
const WORKLOAD: &str = r"
apiVersion: v1
kind: Service
metadata: {name: foo, namespace: my-ns}
spec:
  selector: {app: foo}
  ports: [{name: auto, port: 8080, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: foo, namespace: my-ns}
spec:
  selector: {matchLabels: {app: foo}}
  template:
    metadata: {labels: {app: foo}}
    spec: {containers: [{name: app, image: foo}]}
";

fn cases(function: &str) -> Option<Vec<Value>> {
    let read = |path: &Path| serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = support::conformance("authn")?.iter().map(|path| read(path)).collect::<Vec<_>>();
    Some(cases.into_iter().filter(|case| case["function"] == function).collect())
}

/// The policies of a case, with names and namespaces where they have none.
fn tree(case: &Value) -> String {
    let mut text = WORKLOAD.to_owned();
    for (index, policy) in case["policies"].as_array().into_iter().flatten().enumerate() {
        let mut policy = policy.clone();
        let metadata = &mut policy["metadata"];
        if metadata["name"].is_null() {
            metadata["name"] = json!(format!("policy-{index}"));
        }
        if metadata["namespace"].is_null() {
            metadata["namespace"] = json!("my-ns");
        }
        text.push_str(&format!("---\n{policy}\n"));
    }
    text
}

fn plan(case: &Value) -> Plan {
    let root = case["root_namespace"].as_str().filter(|root| !root.is_empty()).unwrap_or("istio-system");
    support::lower(&[("tree.yaml", &tree(case))], &format!("rootNamespace: {root}\n"))
}

fn chains(plan: &Plan) -> Vec<&FilterChain> {
    let proxy = plan.proxies.values().next().expect("one proxy");
    proxy.listeners.iter().flat_map(|listener| &listener.chains).collect()
}

fn mode(chains: &[&FilterChain]) -> &'static str {
    let (tls, plain) =
        (chains.iter().any(|chain| chain.tls.is_some()), chains.iter().any(|chain| chain.tls.is_none()));
    match (tls, plain) {
        (true, true) => "PERMISSIVE",
        (true, false) => "STRICT",
        _ => "DISABLE",
    }
}

#[test]
fn ports_take_the_connections_that_istios_own_tests_expect() {
    let Some(cases) = cases("InboundMTLSSettings") else { return };
    for case in cases {
        let plan = plan(&case);
        let on_port: Vec<_> =
            chains(&plan).into_iter().filter(|chain| chain.matches.destination_port == Some(8080)).collect();
        assert_eq!(mode(&on_port), case["expected"]["mode"], "{}", case["name"]);
        for (key, http) in [("http_tls_context", true), ("tcp_tls_context", false)] {
            let Some(params) = case["expected"][key].pointer("/commonTlsContext") else { continue };
            let is_http =
                |chain: &&&FilterChain| matches!(chain.filters.last(), Some(NetworkFilter::Http(_))) == http;
            let chain = on_port.iter().filter(|chain| chain.tls.is_some()).find(is_http).expect("a chain");
            let tls = chain.tls.as_ref().expect("mTLS");
            assert_eq!(json!(tls.alpn), params["alpnProtocols"], "{}", case["name"]);
            assert_eq!(json!(tls.cipher_suites), params["tlsParams"]["cipherSuites"], "{}", case["name"]);
            assert!(tls.client.required);
        }
    }
}

fn token_providers(plan: &Plan) -> Option<Vec<JwtProvider>> {
    chains(plan).iter().flat_map(|chain| &chain.filters).find_map(|filter| {
        let NetworkFilter::Http(connection) = filter else { return None };
        connection.filters.iter().find_map(|filter| match filter {
            HttpFilter::JwtAuthentication(tokens) => Some(tokens.providers.clone()),
            _ => None,
        })
    })
}

/// What a provider is in the golden files, except for keys that istiod fetched.
fn spelled(provider: &JwtProvider) -> Value {
    let mut value = json!({
        "issuer": provider.issuer,
        "payloadInMetadata": "payload",
        "normalizePayloadInMetadata": {"spaceDelimitedClaims": provider.space_delimited_claims},
    });
    let mut state = |key: &str, stated: Option<Value>| {
        if let Some(stated) = stated {
            value[key] = stated;
        }
    };
    state("forward", provider.forward.then_some(json!(true)));
    state("forwardPayloadHeader", provider.payload_header.as_ref().map(|header| json!(header)));
    let claims: Vec<_> = provider
        .claims_to_headers
        .iter()
        .map(|claim| json!({"headerName": claim.header, "claimName": claim.claim}))
        .collect();
    state("claimToHeaders", (!claims.is_empty()).then_some(json!(claims)));
    if let Jwks::Inline(keys) = &provider.jwks {
        state("localJwks", Some(json!({"inlineString": keys})));
    }
    value
}

#[test]
fn token_filters_have_the_providers_that_istios_own_tests_expect() {
    let Some(cases) = cases("JwtFilter") else { return };
    for case in cases.iter().filter(|case| case["jwks_fetch_mode"] == "Istiod") {
        let expected = case["expected_http_filter"].pointer("/typedConfig/providers");
        let ours = token_providers(&plan(case));
        let Some(expected) = expected.and_then(Value::as_object) else {
            assert!(ours.is_none(), "{}", case["name"]);
            continue;
        };
        let ours = ours.expect("a token filter");
        assert_eq!(ours.len(), expected.len(), "{}", case["name"]);
        for (index, provider) in ours.iter().enumerate() {
            let mut theirs = expected[&format!("origins-{index}")].clone();
            if provider.jwks == Jwks::Unavailable {
                theirs.as_object_mut().expect("an object").remove("localJwks");
            }
            assert_eq!(spelled(provider), theirs, "{}", case["name"]);
        }
    }
}
