//! The real binary on the loopback address.
#![cfg(test)]

mod access_log;
mod admin;
mod balancing;
mod command;
mod connections;
mod dns;
mod envoy;
mod fault;
mod grpc;
mod headers;
mod http;
mod labels;
mod limits;
mod malformed;
mod mesh;
mod metrics;
mod mirror;
mod outlier;
mod policy;
mod probes;
mod proxy;
mod reload;
mod retry;
mod reuse;
mod routing;
mod tcp;
mod tls;
mod tls_transport;
mod upgrade;
