//! The bundled proxy, `meshc-proxy`: the data plane of one workload, told what to do by a file that `meshc build --target proxy`
//! writes.
//!
//! Enters: the configuration of the contract, key material in files, connections. Leaves: connections, logs, metrics. Must not
//! know: Kubernetes, Istio kinds, the compiler. What matches is decided by the functions of the contract that the simulator asks
//! as well.

mod config;
mod connection;
mod drain;
mod log;
mod stream;

/// U replaces this by `mod tls;`.
mod tls {
    #[derive(Debug)]
    pub(crate) struct Peer {
        pub(crate) uri: String,
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
