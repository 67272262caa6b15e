//! The binary of the live harness.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    meshc_live::main(meshc_live::Program::parse())
}
