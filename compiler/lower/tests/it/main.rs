//! Trees compile to the plans that people and Istio's own tests expect.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may fail")]

mod authn;
mod authz;
mod discovery;
mod domains;
mod dual_stack;
mod expected;
mod gateways;
mod headless;
mod http3;
mod order;
mod outbound;
mod persistent_session;
mod pitfalls;
mod recordings;
mod reserved_ports;
mod sidecar_ingress;
mod support;
mod upstream_tls;
