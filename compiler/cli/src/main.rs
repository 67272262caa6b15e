//! The `meshc` binary: arguments, files, clock, terminal, exit codes.
//!
//! Enters: the command line. Leaves: files and text. It is the only crate that prints, reads files, or asks for the time;
//! everything it decides itself is how to run the passes, never what they mean.

mod args;
mod commands;
mod driver;
mod exit;
mod lock_file;
mod out_dir;
mod report;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};

/// A compilation makes millions of small pieces of memory, on all threads.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        Command::Build(args) => commands::build::run(args, &cli.global),
        Command::Graph(args) => commands::graph::run(args, &cli.global),
        Command::Lock(args) => commands::lock::run(args, &cli.global),
        Command::Import(args) => commands::import::run(args, &cli.global),
        Command::Verify(args) => commands::verify::run(args, &cli.global),
        Command::Ca(args) => commands::ca::run(args, &cli.global),
    };
    exit::code(outcome)
}
