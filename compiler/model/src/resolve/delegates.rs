//! VirtualServices whose HTTP rules come from others (translation-spec §2.9.10).

mod conflicts;

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::mesh_config::MeshConfig;
use meshc_api::{Resource, istio};

use crate::virtual_services::visibility;
use crate::visibility::Visibility;

type VirtualService = Resource<istio::VirtualService>;

/// Where the HTTP rules of a VirtualService with delegates come from: the object and the index of the rule in it.
pub(crate) type Sources = Vec<(Arc<VirtualService>, usize)>;

/// VirtualServices that are used, with the rules of their delegates in place.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// In the order of creation. Delegates are not among them.
    pub(super) virtual_services: Vec<Arc<VirtualService>>,
    /// Sources of the rules, by namespace and name, of those that have delegates.
    pub(super) sources: BTreeMap<(String, String), Sources>,
    /// Delegations that lead to nothing.
    pub(super) dropped: Vec<Dropped>,
    /// All VirtualServices as they are written, delegates among them.
    pub(super) written: Vec<Arc<VirtualService>>,
}

/// A delegation, or a rule of a delegate, that istiod leaves out.
#[derive(Debug)]
pub(super) struct Dropped {
    /// The VirtualService that delegates.
    pub(super) root: Arc<VirtualService>,
    /// Index of the rule that delegates.
    pub(super) route: usize,
    pub(super) reason: Reason,
}

/// Why istiod leaves it out.
#[derive(Debug)]
pub(super) enum Reason {
    /// There is no VirtualService of the name.
    NotFound,
    /// The delegate has hosts, so it stands for itself.
    NotADelegate(Arc<VirtualService>),
    /// The delegate is not exported to the namespace of the one that delegates.
    NotExported(Arc<VirtualService>),
    /// No match of the delegate's rule lies within a match of the rule that delegates.
    Conflict(Arc<VirtualService>, usize),
}

/// Puts the rules of delegates in place. All names are fully qualified.
pub(super) fn merge(virtual_services: Vec<VirtualService>, config: &MeshConfig) -> Merged {
    let shared: Vec<Arc<VirtualService>> = virtual_services.into_iter().map(Arc::new).collect();
    let by_name: BTreeMap<(&str, &str), &Arc<VirtualService>> =
        shared.iter().map(|object| ((object.namespace(), object.name()), object)).collect();
    let mut merged = Merged::default();
    for object in shared.iter().filter(|object| !object.spec.hosts.is_empty()) {
        if object.spec.http.iter().all(|route| route.delegate.is_none()) {
            merged.virtual_services.push(Arc::clone(object));
            continue;
        }
        let (http, sources) = rules(object, &by_name, config, &mut merged.dropped);
        let mut root = VirtualService::clone(object);
        root.spec.http = http;
        merged.sources.insert((root.namespace().to_owned(), root.name().to_owned()), sources);
        merged.virtual_services.push(Arc::new(root));
    }
    merged.written = shared;
    merged
}

fn rules(
    root: &Arc<VirtualService>,
    by_name: &BTreeMap<(&str, &str), &Arc<VirtualService>>,
    config: &MeshConfig,
    dropped: &mut Vec<Dropped>,
) -> (Vec<istio::HttpRoute>, Sources) {
    let (mut http, mut sources) = (Vec::new(), Vec::new());
    for (index, route) in root.spec.http.iter().enumerate() {
        let Some(delegate) = &route.delegate else {
            http.push(route.clone());
            sources.push((Arc::clone(root), index));
            continue;
        };
        let mut drop = |reason| dropped.push(Dropped { root: Arc::clone(root), route: index, reason });
        let stated = delegate.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        let key = (stated.unwrap_or(root.namespace()), delegate.name.as_deref().unwrap_or_default());
        let Some(object) = by_name.get(&key).copied() else {
            drop(Reason::NotFound);
            continue;
        };
        if !object.spec.hosts.is_empty() {
            drop(Reason::NotADelegate(Arc::clone(object)));
            continue;
        }
        if !is_exported(object, root.namespace(), config) {
            drop(Reason::NotExported(Arc::clone(object)));
            continue;
        }
        for (position, rule) in object.spec.http.iter().enumerate() {
            match merge_rule(route, rule) {
                Some(rule) => {
                    http.push(rule);
                    sources.push((Arc::clone(object), position));
                }
                None => drop(Reason::Conflict(Arc::clone(object), position)),
            }
        }
    }
    (http, sources)
}

fn is_exported(delegate: &VirtualService, namespace: &str, config: &MeshConfig) -> bool {
    match visibility(delegate, config) {
        Visibility::Public => true,
        Visibility::Nobody => false,
        Visibility::Namespaces(names) => names.contains(namespace),
    }
}

/// The rule of a delegate within the rule that delegates; the delegate's own settings win.
fn merge_rule(root: &istio::HttpRoute, delegate: &istio::HttpRoute) -> Option<istio::HttpRoute> {
    let istio::HttpRoute {
        name,
        r#match,
        route,
        redirect,
        direct_response,
        delegate: nested,
        rewrite,
        timeout,
        retries,
        fault,
        mirror,
        mirror_percent,
        mirror_percentage,
        mirrors,
        cors_policy,
        headers,
    } = delegate.clone();
    Some(istio::HttpRoute {
        name: joined(root.name.as_deref(), name.as_deref()),
        r#match: matches(&root.r#match, r#match)?,
        route,
        redirect,
        direct_response: direct_response.or_else(|| root.direct_response.clone()),
        delegate: nested,
        rewrite: rewrite.or_else(|| root.rewrite.clone()),
        timeout: timeout.or(root.timeout),
        retries: retries.or_else(|| root.retries.clone()),
        fault: fault.or_else(|| root.fault.clone()),
        mirror: mirror.or_else(|| root.mirror.clone()),
        mirror_percent: mirror_percent.or(root.mirror_percent),
        mirror_percentage: mirror_percentage.or_else(|| root.mirror_percentage.clone()),
        mirrors: if mirrors.is_empty() { root.mirrors.clone() } else { mirrors },
        cors_policy: cors_policy.or_else(|| root.cors_policy.clone()),
        headers: headers.or_else(|| root.headers.clone()),
    })
}

/// Every pair of a delegate's match and a match of the rule that it lies within. `None` where a match of the delegate
/// lies within none.
fn matches(
    root: &[istio::HttpMatchRequest],
    delegate: Vec<istio::HttpMatchRequest>,
) -> Option<Vec<istio::HttpMatchRequest>> {
    if root.is_empty() {
        return Some(delegate);
    }
    if delegate.is_empty() {
        return Some(root.to_vec());
    }
    let mut all = Vec::new();
    for leaf in &delegate {
        let fitting = root.iter().filter(|root| !conflicts::conflict(root, leaf));
        let before = all.len();
        all.extend(fitting.map(|root| merge_match(root, leaf)));
        if all.len() == before {
            return None;
        }
    }
    Some(all)
}

fn merge_match(root: &istio::HttpMatchRequest, leaf: &istio::HttpMatchRequest) -> istio::HttpMatchRequest {
    let both = |root: &BTreeMap<String, istio::StringMatch>, leaf: &BTreeMap<String, istio::StringMatch>| {
        let mut all = root.clone();
        all.extend(leaf.clone());
        all
    };
    let mut source_labels = root.source_labels.clone();
    source_labels.extend(leaf.source_labels.clone());
    let text = |leaf: &Option<String>, root: &Option<String>| {
        leaf.clone().filter(|text| !text.is_empty()).or_else(|| root.clone())
    };
    istio::HttpMatchRequest {
        name: joined(root.name.as_deref(), leaf.name.as_deref()),
        uri: leaf.uri.clone().or_else(|| root.uri.clone()),
        scheme: leaf.scheme.clone().or_else(|| root.scheme.clone()),
        method: leaf.method.clone().or_else(|| root.method.clone()),
        authority: leaf.authority.clone().or_else(|| root.authority.clone()),
        headers: both(&root.headers, &leaf.headers),
        port: leaf.port.filter(|port| *port != 0).or(root.port),
        source_labels,
        gateways: if leaf.gateways.is_empty() { root.gateways.clone() } else { leaf.gateways.clone() },
        query_params: both(&root.query_params, &leaf.query_params),
        ignore_uri_case: leaf.ignore_uri_case,
        without_headers: both(&root.without_headers, &leaf.without_headers),
        source_namespace: text(&leaf.source_namespace, &root.source_namespace),
        stat_prefix: text(&leaf.stat_prefix, &root.stat_prefix),
    }
}

/// `root-delegate`, or the only name that there is.
fn joined(root: Option<&str>, leaf: Option<&str>) -> Option<String> {
    match (root.filter(|name| !name.is_empty()), leaf.filter(|name| !name.is_empty())) {
        (Some(root), Some(leaf)) => Some(format!("{root}-{leaf}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}
