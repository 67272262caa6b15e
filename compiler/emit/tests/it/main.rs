//! Plans made by hand become the configuration that Istio and Envoy expect.

#![cfg(test)]
// The lint takes the unit tests of a crate for tests, but not the functions that they share.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail and says why it was skipped"
)]

mod meshc_proxy;
mod plan;
mod providers;
mod real_envoy;
mod recordings;
