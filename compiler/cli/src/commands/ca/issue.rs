//! `meshc ca issue`.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use meshc_ca::{
    AgeIdentities, IssueOptions, Issued, Renewal, issue_all, leaf_folder, load_issuer,
    parse_identity_requests, renewals, rfc3339, write_issued,
};
use meshc_contract::{IdentityRequests, Lifetime, SpiffeId};

use super::{ProtectionArgs, failure, read};
use crate::args::Global;
use crate::exit::{Failure, Outcome};
use crate::report;

/// Arguments of `meshc ca issue`.
#[derive(Debug, Args)]
pub(super) struct IssueArgs {
    #[command(flatten)]
    issuing: IssuingArgs,
    /// Issue again what would be kept: certificates in --out whose inputs did not change and that are not half over.
    #[arg(long)]
    renew_all: bool,
}

/// What is issued, from what, to where.
#[derive(Debug, Args)]
pub(super) struct IssuingArgs {
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

/// Which certificates are issued again although they could be kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum Again<'a> {
    /// None.
    None,
    /// All.
    All,
    /// Those of these identities.
    Only(&'a [SpiffeId]),
}

impl Again<'_> {
    fn includes(self, id: &SpiffeId) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(ids) => ids.contains(id),
        }
    }
}

pub(super) fn run(args: &IssueArgs, global: &Global, now: SystemTime) -> Result<Outcome, Failure> {
    let IssueArgs { issuing, renew_all } = args;
    issue(issuing, if *renew_all { Again::All } else { Again::None }, global, now)
}

/// Issues what is due and what is wanted again.
pub(super) fn issue(
    args: &IssuingArgs,
    again: Again<'_>,
    global: &Global,
    now: SystemTime,
) -> Result<Outcome, Failure> {
    let protection = args.protection.protection()?;
    let requests = parse_identity_requests(&read(&args.identities)?)
        .map_err(|error| Failure::new(format!("{}: {error}", args.identities.display())))?;
    if requests.requests.is_empty() {
        report::note(&format!("{} asks for no identity", args.identities.display()), global);
        return Ok(Outcome::NoInputs);
    }
    if let Again::Only(ids) = again {
        let asked = |id: &&SpiffeId| requests.requests.iter().any(|request| request.spiffe_id == **id);
        if let Some(id) = ids.iter().find(|id| !asked(id)) {
            return Err(Failure::new(format!("{} does not ask for {id}", args.identities.display())));
        }
    }
    let identities = args.identity.as_deref().map(AgeIdentities::read).transpose().map_err(failure)?;
    let issuer = load_issuer(&args.ca, identities.as_ref()).map_err(failure)?;
    let options = IssueOptions { lifetime: args.ttl, max_lifetime: args.max_ttl };
    let decisions =
        renewals(&args.out, &requests, &issuer, &options, &protection, now.into()).map_err(failure)?;

    let mut to_issue = IdentityRequests { requests: Vec::new(), ..requests };
    let mut lines = Vec::new();
    for (request, decision) in requests.requests.into_iter().zip(decisions) {
        match decision {
            Renewal::Keep { not_after } if !again.includes(&request.spiffe_id) => {
                let folder = leaf_folder(&args.out, &request.spiffe_id);
                lines.push(Line {
                    kept: true,
                    id: request.spiffe_id,
                    until: rfc3339(not_after),
                    folder,
                    shortened: false,
                });
            }
            Renewal::Keep { .. } | Renewal::Renew(_) => to_issue.requests.push(request),
        }
    }
    let issued = issue_all(&to_issue, &issuer, &options, now.into()).map_err(failure)?;
    let folders = write_issued(&args.out, &issued, &protection).map_err(failure)?;
    lines.extend(issued.into_iter().zip(folders).map(|(leaf, folder)| {
        let Issued { spiffe_id: id, not_after, shortened, .. } = leaf;
        Line { kept: false, id, until: rfc3339(not_after), folder, shortened }
    }));
    lines.sort_by(|a, b| a.id.cmp(&b.id));
    tell(&lines, global);
    Ok(Outcome::Clean)
}

/// What became of one request.
struct Line {
    kept: bool,
    id: SpiffeId,
    until: String,
    folder: PathBuf,
    shortened: bool,
}

fn tell(lines: &[Line], global: &Global) {
    for Line { kept, id, until, folder, shortened } in lines {
        let verb = if *kept { "  Kept" } else { "Issued" };
        let why = if *shortened { ", when its issuer ends" } else { "" };
        let text = format!("{verb} {id} until {until}{why} in {}", folder.display());
        report::note(&text, global);
    }
    if global.json() {
        let certificates: Vec<_> = lines
            .iter()
            .map(|Line { kept, id, until, folder, shortened }| {
                serde_json::json!({
                    "spiffeId": id,
                    "kept": kept,
                    "notAfter": until,
                    "shortened": shortened,
                    "folder": folder,
                })
            })
            .collect();
        report::stdout(&format!("{}\n", serde_json::json!({ "certificates": certificates })));
    }
}
