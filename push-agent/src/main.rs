//! The `meshc-agent` binary: delivers a release to a cluster, without a control plane.
//!
//! Enters: a release that `meshc build` wrote, as a folder or an OCI image layout, and a kubeconfig. Leaves: objects in the
//! cluster, log lines, metrics. Must not know: how anything was compiled, Istio kinds, or what a proxy makes of its
//! configuration.
//!
//! Everything that a run needs to continue after a kill is in the cluster: which objects are ours (ApplySet labels), which kinds
//! to look for (the parent's annotations), and what was there before (the undo record). So every run starts from what it finds.

mod apply;
mod apply_set;
mod args;
mod backoff;
mod bundle;
mod cluster;
mod commands;
mod conflict;
mod diff;
mod error;
mod exit;
mod fields;
mod folder;
mod log;
mod members;
mod metrics;
mod oci;
mod plan;
mod prune;
mod push;
mod redact;
mod rollback;
mod run;
mod serve;
mod source;
mod status;
mod undo;
mod verify;
mod wait;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    exit::code(commands::run(&args::Cli::parse()))
}
