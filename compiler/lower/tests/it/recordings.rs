//! Every recorded tree compiles to a plan that holds together.

use std::collections::BTreeSet;
use std::path::Path;

use meshc_plan::{Discovery, NetworkFilter, Plan, ProxyPlan, RouteSource, RouteTableName, UpstreamName};

use crate::support;

fn plan(scenario: &Path) -> Plan {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(scenario.join("input")).unwrap() {
        let path = entry.unwrap().path();
        files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mesh = std::fs::read_to_string(scenario.join("mesh.yaml")).unwrap_or_default();
    support::lower(&files, &mesh)
}

/// Upstreams that network filters of listeners send to.
fn referenced(proxy: &ProxyPlan) -> BTreeSet<&UpstreamName> {
    let chains =
        proxy.listeners.iter().flat_map(|listener| listener.chains.iter().chain(&listener.default_chain));
    let filters = chains.flat_map(|chain| &chain.filters);
    filters
        .flat_map(|filter| match filter {
            NetworkFilter::Tcp(tcp) => tcp.upstreams.iter().map(|(upstream, _)| upstream).collect::<Vec<_>>(),
            _ => Vec::new(),
        })
        .collect()
}

/// Route tables that HTTP connections name.
fn named_tables(proxy: &ProxyPlan) -> BTreeSet<&RouteTableName> {
    let chains =
        proxy.listeners.iter().flat_map(|listener| listener.chains.iter().chain(&listener.default_chain));
    let filters = chains.flat_map(|chain| &chain.filters);
    filters
        .filter_map(|filter| match filter {
            NetworkFilter::Http(connection) => match &connection.routes {
                RouteSource::Named(name) => Some(name),
                RouteSource::Inline(_) => None,
            },
            _ => None,
        })
        .collect()
}

fn check(name: &str, plan: &Plan) {
    let headless: BTreeSet<String> = plan
        .headless_services
        .iter()
        .map(|service| format!("{}.{}.svc.cluster.local", service.name, service.namespace))
        .collect();
    assert_eq!(headless.len(), plan.headless_services.len(), "{name}: two generated Services of one name");
    for (workload, proxy) in &plan.proxies {
        let names: BTreeSet<&UpstreamName> = proxy.upstreams.iter().map(|upstream| &upstream.name).collect();
        assert_eq!(names.len(), proxy.upstreams.len(), "{name} {workload}: an upstream twice");
        let listeners: BTreeSet<_> = proxy.listeners.iter().map(|listener| &listener.name).collect();
        assert_eq!(listeners.len(), proxy.listeners.len(), "{name} {workload}: a listener twice");
        for reference in [UpstreamName::BlackHole, UpstreamName::InboundPassthrough] {
            let needed = referenced(proxy).contains(&reference);
            assert!(!needed || names.contains(&reference), "{name} {workload}: {reference:?} is missing");
        }
        let tables: BTreeSet<_> = proxy.route_tables.iter().map(|table| &table.name).collect();
        assert_eq!(tables.len(), proxy.route_tables.len(), "{name} {workload}: a route table twice");
        assert_eq!(
            tables,
            named_tables(proxy),
            "{name} {workload}: tables there are and tables that are named"
        );
        for table in &proxy.route_tables {
            let domains: BTreeSet<_> = table.virtual_hosts.iter().flat_map(|host| &host.domains).collect();
            let all: usize = table.virtual_hosts.iter().map(|host| host.domains.len()).sum();
            assert_eq!(domains.len(), all, "{name} {workload}: a domain twice in {:?}", table.name);
        }
        for upstream in &proxy.upstreams {
            let Discovery::Pods { names, .. } = &upstream.discovery else { continue };
            for endpoint in names.iter().filter(|endpoint| endpoint.name.starts_with("mc-")) {
                assert!(
                    headless.contains(&endpoint.name),
                    "{name} {workload}: nobody makes {}",
                    endpoint.name
                );
            }
        }
        for listener in &proxy.listeners {
            let matches: BTreeSet<_> = listener.chains.iter().map(|chain| &chain.matches).collect();
            assert_eq!(
                matches.len(),
                listener.chains.len(),
                "{name} {workload}: two chains of {:?} match alike",
                listener.name
            );
        }
        assert!(
            plan.identities.contains_key(&proxy.identity),
            "{name} {workload}: nobody makes its identity"
        );
    }
}

#[test]
fn every_recorded_tree_compiles_to_a_plan_that_holds_together() {
    let Some(scenarios) = support::conformance("istiod") else { return };
    for scenario in scenarios {
        let name = scenario.file_name().unwrap().to_string_lossy().into_owned();
        check(&name, &plan(&scenario));
    }
}
