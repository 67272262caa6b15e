//! The binary as its users run it: what it says, what it writes, and what it leaves alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on shall panic, one that is skipped shall say so"
)]

mod broken_input;
mod ca;
mod command_line;
mod determinism;
mod golden;
mod lock;
mod meshc_proxy;
mod output_folder;
mod recorded;
mod run;
mod sandbox;
mod scenarios;
mod stdin;
mod verify;
