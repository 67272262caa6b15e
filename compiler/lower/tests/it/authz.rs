//! AuthorizationPolicies become the filters that Istio's own tests expect of them.

use std::path::Path;

use meshc_plan::{AuthorizationFilter, HttpFilter, NetworkFilter, Plan};
use serde_json::Value;

use crate::{expected, support};

/// A workload of the labels that the cases select, with a port of each kind.
const WORKLOAD: &str = r"
apiVersion: v1
kind: Service
metadata: {name: httpbin, namespace: foo}
spec:
  selector: {app: httpbin}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 9000, targetPort: 9000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: httpbin, namespace: foo}
spec:
  selector: {matchLabels: {app: httpbin}}
  template:
    metadata: {labels: {app: httpbin, version: v1}}
    spec: {containers: [{name: app, image: httpbin}]}
";

fn mesh_config(case: &Value) -> String {
    let Some(domains) = case["trust_domains"].as_array() else { return String::new() };
    let mut domains = domains.iter().filter_map(Value::as_str);
    let own = domains.next().unwrap_or("cluster.local");
    let aliases: Vec<&str> = domains.collect();
    format!("trustDomain: {own}\ntrustDomainAliases: {aliases:?}\n")
}

/// The authorization filters of the first chain that carries HTTP, or bytes, on the port of that kind.
fn filters(plan: &Plan, http: bool) -> Vec<AuthorizationFilter> {
    let proxy = plan.proxies.values().next().expect("one proxy");
    let port = if http { 8080 } else { 9000 };
    let chains = proxy.listeners.iter().flat_map(|listener| &listener.chains);
    let chain = chains
        .clone()
        .find(|chain| chain.matches.destination_port == Some(port))
        .expect("the port has a chain");
    let mut found = Vec::new();
    for filter in &chain.filters {
        match filter {
            NetworkFilter::Authorization(filter) => found.push(filter.clone()),
            NetworkFilter::Http(connection) => {
                found.extend(connection.filters.iter().filter_map(|filter| match filter {
                    HttpFilter::Authorization(filter) => Some(filter.clone()),
                    _ => None,
                }))
            }
            _ => {}
        }
    }
    found
}

/// Policies by name, since their order means nothing to Envoy.
fn sorted(mut filter: AuthorizationFilter) -> AuthorizationFilter {
    for rules in [&mut filter.rules, &mut filter.dry_run].into_iter().flatten() {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
    }
    filter.origin = meshc_diagnostics::Origin::Default { rule: "not compared" };
    filter
}

fn check(folder: &Path) -> bool {
    let case: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("case.json")).unwrap()).unwrap();
    if case["builder"]["is_custom_builder"] == true {
        return false;
    }
    let name = case["name"].as_str().unwrap_or_default();
    let input = std::fs::read_to_string(folder.join("input.yaml")).unwrap();
    let plan = support::lower(&[("policy.yaml", &input), ("workload.yaml", WORKLOAD)], &mesh_config(&case));
    let ours: Vec<_> = filters(&plan, case["protocol"] == "http").into_iter().map(sorted).collect();
    let theirs: Vec<_> = support::documents(&std::fs::read_to_string(folder.join("expected.yaml")).unwrap())
        .iter()
        .map(|document| sorted(expected::filter(document)))
        .collect();
    assert_eq!(ours, theirs, "{name}");
    true
}

#[test]
fn policies_become_the_filters_of_istios_own_tests() {
    let Some(cases) = support::conformance("authz") else { return };
    let compared = cases.iter().filter(|folder| check(folder)).count();
    assert!(compared > 5, "only {compared} cases were compared");
}
