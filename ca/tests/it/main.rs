//! The authority as a user meets it: made, used, written, read back, and judged by other implementations.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on shall panic"
)]

mod chain;
#[cfg(unix)]
mod envoy;
mod mesh;
mod openssl;
mod program;
mod renewal;
mod rotation;
#[cfg(unix)]
mod rotation_on_envoys;
mod sops;
mod store;
