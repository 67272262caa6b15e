//! Rules of admission for the Istio kinds: what Istio's webhook refuses or warns of, and what the validation
//! expressions of the published CRDs refuse beyond it. One file a kind or a part that kinds share.
//!
//! Source of the rules: the behaviour of Istio's validation, the published CRDs, and the documentation of the
//! fields.

mod address;
mod attribute;
pub(super) mod authorization_policy;
mod cel;
mod client_tls;
mod connection_pool;
mod cors;
mod destination;
pub(super) mod destination_rule;
mod direct_response;
mod durations;
pub(super) mod envoy_filter;
mod export_to;
mod fault;
pub(super) mod gateway;
mod gateway_names;
mod headers;
mod http_match;
mod http_route;
mod jwks;
mod labels;
mod load_balancer;
mod locality;
mod metadata;
mod mirror;
mod names;
mod namespace_host;
mod outlier_detection;
pub(super) mod peer_authentication;
mod ports;
pub(super) mod proxy_config;
mod redirect;
mod regex;
pub(super) mod request_authentication;
mod retry;
mod rewrite;
mod selectors;
mod server_tls;
pub(super) mod service_entry;
pub(super) mod sidecar;
mod sidecar_hosts;
mod status;
mod string_match;
mod subset;
mod tcp_route;
pub(super) mod telemetry;
mod tls_route;
pub(super) mod traffic_extension;
mod traffic_policy;
mod unreachable;
mod url;
pub(super) mod virtual_service;
pub(super) mod wasm_plugin;
pub(super) mod workload_entry;
pub(super) mod workload_group;
