//! `meshc ca`: the certificate authority on the command line. The library does the work; here are flags, files and
//! the clock.

mod check;
mod init;
mod inspect;
mod issue;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, Subcommand};
use meshc_ca::{AgeRecipients, CaError, KeyProtection};

use crate::args::Global;
use crate::exit::{Failure, Outcome};

/// Arguments of `meshc ca`.
#[derive(Debug, Args)]
pub(crate) struct CaArgs {
    #[command(subcommand)]
    command: CaCommand,
}

#[derive(Debug, Subcommand)]
enum CaCommand {
    /// Make a root and an intermediate. The root's key signs intermediates only: keep it offline.
    Init(init::InitArgs),
    /// Issue a certificate for every identity that a build asks for; keep those that are not half over.
    Issue(issue::IssueArgs),
    /// Find certificates that end soon; exit 1 when there is one.
    Check(check::CheckArgs),
    /// Show what certificates say.
    Inspect(inspect::InspectArgs),
}

/// How private keys are written.
#[derive(Debug, Args)]
struct ProtectionArgs {
    /// Encrypt private keys to this age recipient; may be repeated.
    #[arg(long, value_name = "AGE1…", conflicts_with = "plaintext_keys")]
    encrypt_to: Vec<String>,
    /// Encrypt private keys to the age recipients in this file, one a line; may be repeated.
    #[arg(long, value_name = "FILE", conflicts_with = "plaintext_keys")]
    recipients_file: Vec<PathBuf>,
    /// Write private keys without encryption, readable by their owner.
    #[arg(long)]
    plaintext_keys: bool,
}

impl ProtectionArgs {
    fn protection(&self) -> Result<KeyProtection, Failure> {
        let Self { encrypt_to, recipients_file, plaintext_keys } = self;
        if *plaintext_keys {
            return Ok(KeyProtection::Plaintext);
        }
        let files = recipients_file.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        let from_files = files.iter().flat_map(|text| AgeRecipients::lines(text));
        AgeRecipients::parse(encrypt_to.iter().map(String::as_str).chain(from_files))
            .map(KeyProtection::Age)
            .map_err(failure)
    }
}

/// Runs `meshc ca`.
pub(crate) fn run(args: &CaArgs, global: &Global) -> Result<Outcome, Failure> {
    // The library never asks for the time.
    let now = SystemTime::now();
    match &args.command {
        CaCommand::Init(args) => init::run(args, global, now),
        CaCommand::Issue(args) => issue::run(args, global, now),
        CaCommand::Check(args) => check::run(args, global, now),
        CaCommand::Inspect(args) => inspect::run(args, global),
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, which passes by value")]
fn failure(error: CaError) -> Failure {
    Failure::new(error.to_string())
}
