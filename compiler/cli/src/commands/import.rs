//! `meshc import`: take over what a running cluster has decided.

mod addresses;

use clap::{Args, Subcommand};

use crate::args::Global;
use crate::exit::{Failure, Outcome};

/// Arguments of `meshc import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Addresses of Services and ServiceEntries, into the lock file.
    Addresses(addresses::AddressesArgs),
}

/// Runs `meshc import`.
pub(crate) fn run(args: &ImportArgs, global: &Global) -> Result<Outcome, Failure> {
    match &args.what {
        What::Addresses(args) => addresses::run(args, global),
    }
}
