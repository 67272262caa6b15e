//! `meshc ca init`.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use meshc_ca::{
    AgeRecipients, CaProtection, Existing, InitOptions, KeyAlgorithm, KeyProtection, init, write_ca,
};
use meshc_contract::Lifetime;

use super::{ProtectionArgs, failure};
use crate::args::Global;
use crate::exit::{Failure, Outcome};
use crate::report;

/// Arguments of `meshc ca init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Folder for the authority.
    #[arg(long, value_name = "DIR", default_value = "ca")]
    out: PathBuf,
    /// Trust domain of the mesh.
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    trust_domain: String,
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
    /// Replace an authority that is there already. Its keys are lost.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &InitArgs, global: &Global, now: SystemTime) -> Result<Outcome, Failure> {
    let intermediate = args.protection.protection()?;
    let root = if args.encrypt_root_to.is_empty() {
        intermediate.clone()
    } else {
        let recipients = AgeRecipients::parse(args.encrypt_root_to.iter().map(String::as_str));
        KeyProtection::Age(recipients.map_err(failure)?)
    };
    let options = InitOptions {
        trust_domain: args.trust_domain.clone(),
        algorithm: args.algo,
        root_lifetime: args.root_ttl,
        intermediate_lifetime: args.intermediate_ttl,
    };
    let material = init(&options, now.into()).map_err(failure)?;
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    let written =
        write_ca(&args.out, &material, &CaProtection { root, intermediate }, existing).map_err(failure)?;
    for path in &written {
        report::note(&format!("     Created {}", path.display()), global);
    }
    if global.json() {
        report::stdout(&format!("{}\n", serde_json::json!({ "files": written })));
    }
    Ok(Outcome::Clean)
}
