//! The agent against a real etcd and a real API server, built in `ci/kube-apiserver`. There is no controller in it, so a test that
//! needs rollouts writes the status of Deployments as the controller would.

#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it misses by failing"
)]

mod agent;
mod api;
mod away;
mod bookinfo;
mod conflict;
mod deliver;
mod killed;
mod refused;
mod release;
mod rights;
mod rollback;
mod rollout;
mod server;
mod wait;
