//! Which workloads are named as clients of which services: by AuthorizationPolicies and by Sidecars.

use std::collections::BTreeMap;

use meshc_api::istio::{AuthorizationAction, AuthorizationPolicy, Source};
use meshc_contract::{ObjectRef, SpiffeId};

use crate::graph::{Node, Relation, ServiceGraph};
use crate::hosts::is_wildcard;
use crate::{Mesh, Workload, WorkloadRole};

/// Adds them.
pub(super) fn add(mesh: &Mesh, graph: &mut ServiceGraph) {
    let mut identities: BTreeMap<(&str, &str), Vec<&Workload>> = BTreeMap::new();
    for workload in mesh.workloads.values() {
        let SpiffeId { trust_domain: _, namespace, service_account } = &workload.identity;
        identities.entry((namespace, service_account)).or_default().push(workload);
    }
    for workload in mesh.workloads.values().filter(|workload| !workload.targets.is_empty()) {
        for policy in mesh.authorization_policies_for(workload) {
            for (namespace, account) in clients(mesh, &policy.spec, workload.namespace()) {
                for client in identities.get(&(namespace.as_str(), account.as_str())).into_iter().flatten() {
                    for target in &workload.targets {
                        let service = Node::Service(target.service.reference.clone());
                        connect(graph, client, service, policy.object_ref());
                    }
                }
            }
        }
    }
    for workload in mesh.workloads.values() {
        add_sidecar(mesh, graph, workload);
    }
}

fn connect(graph: &mut ServiceGraph, client: &Workload, service: Node, object: ObjectRef) {
    let reference = client.reference.clone();
    let client = match client.proxy {
        Some(WorkloadRole::Gateway) => Node::Gateway(reference),
        _ => Node::Workload(reference),
    };
    graph.connect(client, service, Relation::Calls { object });
}

/// Namespace and service account of each client that a policy allows by its full name.
fn clients(mesh: &Mesh, policy: &AuthorizationPolicy, own: &str) -> Vec<(String, String)> {
    if !matches!(policy.action, None | Some(AuthorizationAction::Allow)) {
        return Vec::new();
    }
    let sources = policy.rules.iter().flat_map(|rule| &rule.from).filter_map(|from| from.source.as_ref());
    sources.flat_map(|source| of_source(mesh, source, own)).collect()
}

fn of_source(mesh: &Mesh, source: &Source, own: &str) -> Vec<(String, String)> {
    let principals = source.principals.iter().filter_map(|principal| {
        let id: SpiffeId = format!("spiffe://{principal}").parse().ok()?;
        let known = id.trust_domain == mesh.config.trust_domain
            || mesh.config.trust_domain_aliases.contains(&id.trust_domain);
        known.then_some((id.namespace, id.service_account))
    });
    let accounts = source.service_accounts.iter().map(|account| match account.split_once('/') {
        Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
        None => (own.to_owned(), account.clone()),
    });
    principals.chain(accounts).collect()
}

/// Hosts that a Sidecar names in full are there because the workload calls them.
fn add_sidecar(mesh: &Mesh, graph: &mut ServiceGraph, workload: &Workload) {
    let Some(sidecar) = crate::scope::select::sidecar_of(mesh, workload) else { return };
    for text in sidecar.spec.egress.iter().flat_map(|listener| &listener.hosts) {
        let Some((owner, host)) = text.split_once('/') else { continue };
        if is_wildcard(host) || owner.starts_with('~') {
            continue;
        }
        let owner = if owner == "." { workload.namespace() } else { owner };
        let services = mesh.index.by_host.of(host);
        let found = services.iter().find(|service| owner == "*" || service.namespace() == owner);
        if let Some(service) = found {
            connect(graph, workload, Node::Service(service.reference.clone()), sidecar.object_ref());
        }
    }
}
