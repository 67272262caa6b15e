//! Kubernetes manifests of whole trees.

#![cfg(test)]
// The lint takes the unit tests of a crate for tests, but not the functions that they share.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail and says why it was skipped"
)]

mod compile;
mod golden;
mod injection;
mod iptables;
mod objects;
mod probes;
mod sharing;
mod targets;
