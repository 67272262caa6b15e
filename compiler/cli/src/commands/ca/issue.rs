//! `meshc ca issue`.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use meshc_ca::{
    AgeIdentities, IssueOptions, Issued, issue_all, load_issuer, parse_identity_requests, rfc3339,
    write_issued,
};
use meshc_contract::Lifetime;

use super::{ProtectionArgs, failure, read};
use crate::args::{Format, Global};
use crate::exit::{Failure, Outcome};
use crate::report;

/// Arguments of `meshc ca issue`.
#[derive(Debug, Args)]
pub(super) struct IssueArgs {
    /// Identity requests, as `meshc build` writes them.
    #[arg(long, value_name = "FILE")]
    identities: PathBuf,
    /// Folder of the authority, as `meshc ca init` writes it.
    #[arg(long, value_name = "DIR", default_value = "ca")]
    ca: PathBuf,
    /// Folder for the certificates: NAMESPACE/SERVICE-ACCOUNT/ with tls.crt, tls.key, ca.crt and the Secret.
    #[arg(long, value_name = "DIR", default_value = "certificates")]
    out: PathBuf,
    /// age identity that opens the authority's key.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// How long certificates are valid, instead of what the requests say.
    #[arg(long, value_name = "TTL")]
    ttl: Option<Lifetime>,
    /// The longest lifetime that is granted.
    #[arg(long, value_name = "TTL", default_value = "90d")]
    max_ttl: Lifetime,
    #[command(flatten)]
    protection: ProtectionArgs,
}

pub(super) fn run(args: &IssueArgs, global: &Global, now: SystemTime) -> Result<Outcome, Failure> {
    let protection = args.protection.protection()?;
    let requests = parse_identity_requests(&read(&args.identities)?)
        .map_err(|error| Failure::new(format!("{}: {error}", args.identities.display())))?;
    if requests.requests.is_empty() {
        report::note(&format!("{} asks for no identity", args.identities.display()), global);
        return Ok(Outcome::NoInputs);
    }
    let identities = match &args.identity {
        Some(path) => Some(AgeIdentities::read(path).map_err(failure)?),
        None => None,
    };
    let issuer = load_issuer(&args.ca, identities.as_ref()).map_err(failure)?;
    let options = IssueOptions { lifetime: args.ttl, max_lifetime: args.max_ttl };
    let issued = issue_all(&requests, &issuer, &options, now.into()).map_err(failure)?;
    let folders = write_issued(&args.out, &issued, &protection).map_err(failure)?;
    for (leaf, folder) in issued.iter().zip(&folders) {
        let note = if leaf.shortened { ", as its issuer does" } else { "" };
        let line = format!("      Issued {} until {}{note}", leaf.spiffe_id, rfc3339(leaf.not_after));
        report::note(&format!("{line}\n             {}", folder.display()), global);
    }
    if global.output == Format::Json {
        report::stdout(&json(&issued, &folders));
    }
    Ok(Outcome::Clean)
}

fn json(issued: &[Issued], folders: &[PathBuf]) -> String {
    let certificates: Vec<_> = issued
        .iter()
        .zip(folders)
        .map(|(leaf, folder)| {
            serde_json::json!({
                "spiffeId": leaf.spiffe_id,
                "folder": folder,
                "notAfter": rfc3339(leaf.not_after),
                "shortened": leaf.shortened,
            })
        })
        .collect();
    format!("{}\n", serde_json::json!({ "certificates": certificates }))
}
