//! Real Envoys, real capture rules, real certificates: the harness itself, then every scenario.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on shall panic, and says what it skips"
)]

mod handmade;
mod killed;
mod machine;
mod scenarios;
