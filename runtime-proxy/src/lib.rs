//! The bundled proxy, `meshc-proxy`: the data plane of one workload, told what to do by a file that `meshc build --target proxy`
//! writes.
//!
//! Enters: the configuration of the contract, key material in files, connections. Leaves: connections, logs, metrics. Must not
//! know: Kubernetes, Istio kinds, the compiler. What matches is decided by the functions of the contract that the simulator asks
//! as well.

mod admin;
mod cli;
mod config;
mod connection;
mod drain;
mod http;
mod inspect;
mod listener;
mod log;
mod probe;
mod reload;
mod run;
mod stream;
mod tcp;
mod telemetry;
mod tls;
mod upstream;

/// Runs the program.
#[must_use]
pub fn main() -> std::process::ExitCode {
    cli::main()
}
