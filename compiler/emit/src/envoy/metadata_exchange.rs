//! How workloads tell each other their metadata, which only Istio's build does.

use serde_json::{Value, json};

use super::xds::{Any, TypedStruct};

/// Name of the filters, on both sides and both levels.
pub(super) const NAME: &str = "istio.metadata_exchange";

/// The filter of connections and of clusters.
pub(super) fn network() -> Any {
    Any::TypedStruct(TypedStruct {
        type_url: "type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange",
        value: Some(json!({ "enable_discovery": true, "protocol": "istio-peer-exchange" })),
    })
}

/// The filter of requests.
pub(super) fn http(downstream: bool, skip_external: bool) -> Any {
    let discovery = json!([{ "istio_headers": {} }, { "workload_discovery": {} }]);
    let headers = if skip_external { json!({ "skip_external_clusters": true }) } else { json!({}) };
    let propagation: Value = json!([{ "istio_headers": headers }]);
    let value = if downstream {
        json!({ "downstream_discovery": discovery, "downstream_propagation": propagation })
    } else {
        json!({ "upstream_discovery": discovery, "upstream_propagation": propagation })
    };
    Any::TypedStruct(TypedStruct {
        type_url: "type.googleapis.com/io.istio.http.peer_metadata.Config",
        value: Some(value),
    })
}
