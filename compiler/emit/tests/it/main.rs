//! Plans made by hand become the configuration that Istio and Envoy expect.

#![cfg(test)]
// The lint takes the unit tests of a crate for tests, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail and says why it was skipped")]

mod plan;
mod real_envoy;
mod recordings;
