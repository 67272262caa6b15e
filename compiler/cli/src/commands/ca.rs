//! `meshc ca`: the certificate authority on the command line. The library does the work; here are flags, files and
//! the clock.

mod check;
mod init;
mod inspect;
mod issue;
mod rotate;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, Subcommand};
use meshc_ca::{AgeRecipients, CaError, CaProtection, KeyAlgorithm, KeyProtection, parse_rfc3339};
use meshc_contract::Lifetime;

use crate::args::{Format, Global};
use crate::exit::{Failure, Outcome};

/// Arguments of `meshc ca`.
#[derive(Debug, Args)]
pub(crate) struct CaArgs {
    #[command(subcommand)]
    command: CaCommand,
    /// Take it for this time, as 2026-11-24T12:00:00Z. For rehearsals and tests.
    #[arg(long, global = true, hide = true, value_name = "TIME", value_parser = moment)]
    now: Option<SystemTime>,
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
    /// Replace leaves, the intermediate, or the root; the root in steps that need evidence.
    Rotate(rotate::RotateArgs),
}

/// What a new root and its intermediate are like.
#[derive(Debug, Args)]
struct AuthorityArgs {
    /// Algorithm of the root's key, p256 or p384.
    #[arg(long, value_name = "ALGORITHM", default_value = "p256")]
    algo: KeyAlgorithm,
    /// How long the root is valid.
    #[arg(long, value_name = "TTL", default_value = "3650d")]
    root_ttl: Lifetime,
    /// How long the intermediate is valid.
    #[arg(long, value_name = "TTL", default_value = "365d")]
    intermediate_ttl: Lifetime,
    #[command(flatten)]
    protection: ProtectionArgs,
    /// Encrypt the root's key to this age recipient only, instead of those of the intermediate; may be repeated.
    #[arg(long, value_name = "AGE1…", conflicts_with = "plaintext_keys")]
    encrypt_root_to: Vec<String>,
}

impl AuthorityArgs {
    fn protection(&self) -> Result<CaProtection, Failure> {
        let intermediate = self.protection.protection()?;
        let root = if self.encrypt_root_to.is_empty() {
            intermediate.clone()
        } else {
            let recipients = AgeRecipients::parse(self.encrypt_root_to.iter().map(String::as_str));
            KeyProtection::Age(recipients.map_err(failure)?)
        };
        Ok(CaProtection { root, intermediate })
    }
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
    global.format(&[Format::Human, Format::Concise, Format::Json])?;
    // The library never asks for the time.
    let now = args.now.unwrap_or_else(SystemTime::now);
    match &args.command {
        CaCommand::Init(args) => init::run(args, global, now),
        CaCommand::Issue(args) => issue::run(args, global, now),
        CaCommand::Check(args) => check::run(args, global, now),
        CaCommand::Inspect(args) => inspect::run(args, global, now),
        CaCommand::Rotate(args) => rotate::run(args, global, now),
    }
}

fn moment(text: &str) -> Result<SystemTime, CaError> {
    parse_rfc3339(text).map(SystemTime::from)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, which passes by value")]
fn failure(error: CaError) -> Failure {
    Failure::new(error.to_string())
}
