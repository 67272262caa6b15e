//! Load on the real binary: nothing fails while configuration and certificates change, and HTTP/2 is spoken as h2spec wants it.
#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test says what it misses by failing"
)]

mod backend;
mod credentials;
mod h2spec;
mod proxy;
mod steady;
mod tool;
