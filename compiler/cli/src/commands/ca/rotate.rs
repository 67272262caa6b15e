//! `meshc ca rotate`.

mod evidence;
mod tell;

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use meshc_ca::{
    AgeIdentities, RotationOptions, Step, abort_rotation, add_root, remove_root, renew_intermediate,
    rotation, switch_root,
};
use meshc_contract::{Lifetime, SpiffeId};

use self::evidence::EvidenceArgs;
use super::issue::{self, Again, IssuingArgs};
use super::{AuthorityArgs, ProtectionArgs, failure};
use crate::args::Global;
use crate::exit::{Failure, Outcome};

/// Arguments of `meshc ca rotate`.
#[derive(Debug, Args)]
pub(super) struct RotateArgs {
    #[command(subcommand)]
    command: RotateCommand,
}

#[derive(Debug, Subcommand)]
enum RotateCommand {
    /// Show how far the rotation of the root has come, and what is next.
    Status(FolderArgs),
    /// Root, step 1: make a new root. From now on every ca.crt holds both; leaves stay those of the old root.
    Add(AddArgs),
    /// Root, step 2: issue leaves of the new root, once every proxy trusts it.
    Switch(GateArgs),
    /// Root, step 3: trust the new root only, once every proxy presents a leaf of it and old leaves have ended.
    Remove(GateArgs),
    /// Give up the rotation of the root; possible before step 2.
    Abort(FolderArgs),
    /// Replace the intermediate by a new one of the same root.
    Intermediate(IntermediateArgs),
    /// Issue certificates again although they are not half over, when a key may have leaked for instance.
    Leaves(LeavesArgs),
}

#[derive(Debug, Args)]
struct FolderArgs {
    /// Folder of the authority, as `meshc ca init` writes it.
    #[arg(long, value_name = "DIR", default_value = "ca")]
    ca: PathBuf,
}

#[derive(Debug, Args)]
struct AddArgs {
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    authority: AuthorityArgs,
}

#[derive(Debug, Args)]
struct GateArgs {
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    evidence: EvidenceArgs,
}

#[derive(Debug, Args)]
struct IntermediateArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// age identity that opens the root's key.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// How long the intermediate is valid.
    #[arg(long, value_name = "TTL", default_value = "365d")]
    ttl: Lifetime,
    #[command(flatten)]
    protection: ProtectionArgs,
}

#[derive(Debug, Args)]
struct LeavesArgs {
    #[command(flatten)]
    issuing: IssuingArgs,
    /// Only the certificate of this identity, and what is due anyway; may be repeated.
    #[arg(long, value_name = "SPIFFE-ID")]
    only: Vec<SpiffeId>,
}

/// Runs `meshc ca rotate`.
pub(super) fn run(args: &RotateArgs, global: &Global, now: SystemTime) -> Result<Outcome, Failure> {
    match &args.command {
        RotateCommand::Status(FolderArgs { ca }) => {
            let rotation = rotation(ca).map_err(failure)?;
            tell::status(ca, rotation.as_ref(), global)
        }
        RotateCommand::Add(args) => add(args, global, now),
        RotateCommand::Switch(GateArgs { folder: FolderArgs { ca }, evidence }) => {
            let EvidenceArgs { certificates, .. } = evidence;
            let (requests, evidence) = evidence.read()?;
            let step = switch_root(ca, &requests, certificates, &evidence, now.into()).map_err(failure)?;
            tell::step(ca, &step, global)
        }
        RotateCommand::Remove(GateArgs { folder: FolderArgs { ca }, evidence }) => {
            let EvidenceArgs { certificates, .. } = evidence;
            let (requests, evidence) = evidence.read()?;
            let step = remove_root(ca, &requests, certificates, &evidence, now.into()).map_err(failure)?;
            tell::step(ca, &step, global)
        }
        RotateCommand::Abort(FolderArgs { ca }) => {
            let step = abort_rotation(ca, now.into()).map_err(failure)?;
            Ok(tell::aborted(matches!(step, Some(Step::Made(_))), global))
        }
        RotateCommand::Intermediate(args) => intermediate(args, global, now),
        RotateCommand::Leaves(LeavesArgs { issuing, only }) => {
            let again = if only.is_empty() { Again::All } else { Again::Only(only) };
            issue::issue(issuing, again, global, now)
        }
    }
}

fn add(args: &AddArgs, global: &Global, now: SystemTime) -> Result<Outcome, Failure> {
    let AddArgs { folder: FolderArgs { ca }, authority } = args;
    let options = RotationOptions {
        algorithm: authority.algo,
        root_lifetime: authority.root_ttl,
        intermediate_lifetime: authority.intermediate_ttl,
    };
    let step = add_root(ca, &options, &authority.protection()?, now.into()).map_err(failure)?;
    tell::step(ca, &step, global)
}

fn intermediate(args: &IntermediateArgs, global: &Global, now: SystemTime) -> Result<Outcome, Failure> {
    let IntermediateArgs { folder: FolderArgs { ca }, identity, ttl, protection } = args;
    let identities = identity.as_deref().map(AgeIdentities::read).transpose().map_err(failure)?;
    let protection = protection.protection()?;
    let authority =
        renew_intermediate(ca, *ttl, identities.as_ref(), &protection, now.into()).map_err(failure)?;
    tell::intermediate(&authority, global)
}
