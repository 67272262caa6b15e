//! Metadata under the key `istio`, which Istio's metrics, dashboards and `istioctl` read.

use std::collections::BTreeMap;

use meshc_contract::ObjectRef;
use meshc_plan::UpstreamService;
use serde_json::{Map, Value, json};

use super::{names, xds};

const ISTIO: &str = "istio";

/// Names the object that decided a chain or a route.
pub(super) fn config(object: Option<&ObjectRef>) -> Option<xds::Metadata> {
    object.map(|object| metadata(json!({ "config": names::config(object) })))
}

/// What a cluster is part of.
pub(super) struct UpstreamFacts<'p> {
    pub(super) services: &'p [UpstreamService],
    pub(super) config: Option<&'p ObjectRef>,
    pub(super) subset: Option<&'p str>,
    pub(super) external: bool,
    /// Whether its TLS is not Istio's, so that nothing may change the ALPN at run time.
    pub(super) keeps_alpn: bool,
}

/// Metadata of a cluster; none when there is nothing to say.
pub(super) fn upstream(facts: &UpstreamFacts<'_>) -> Option<xds::Metadata> {
    let UpstreamFacts { services, config, subset, external, keeps_alpn } = facts;
    let mut values = Map::new();
    if *keeps_alpn {
        values.insert("alpn_override".to_owned(), json!("false"));
    }
    if let Some(object) = config {
        values.insert("config".to_owned(), json!(names::config(object)));
    }
    if *external {
        values.insert("external".to_owned(), json!(true));
    }
    if !services.is_empty() {
        values.insert("services".to_owned(), services.iter().map(service).collect());
    }
    if let Some(subset) = subset {
        values.insert("subset".to_owned(), json!(subset));
    }
    (!values.is_empty()).then(|| metadata(Value::Object(values)))
}

/// Metadata of an endpoint: whether it takes Istio mTLS, which picks the transport socket, and whose it is.
pub(super) fn endpoint(mtls: bool, workload: Option<&str>) -> Option<xds::Metadata> {
    let mut filter_metadata = BTreeMap::new();
    if mtls {
        filter_metadata.insert("envoy.transport_socket_match", json!({ "tlsMode": "istio" }));
    }
    if let Some(workload) = workload {
        filter_metadata.insert(ISTIO, json!({ "workload": workload }));
    }
    (!filter_metadata.is_empty()).then_some(xds::Metadata { filter_metadata })
}

fn service(service: &UpstreamService) -> Value {
    let UpstreamService { host, name, namespace } = service;
    json!({ "host": host, "name": name, "namespace": namespace })
}

fn metadata(value: Value) -> xds::Metadata {
    xds::Metadata { filter_metadata: BTreeMap::from([(ISTIO, value)]) }
}
