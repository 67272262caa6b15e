//! `meshc ca init`.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use meshc_ca::{Existing, InitOptions, init, write_ca};

use super::{AuthorityArgs, failure};
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
    #[command(flatten)]
    authority: AuthorityArgs,
    /// Replace an authority that is there already. Its keys are lost.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &InitArgs, global: &Global, now: SystemTime) -> Result<Outcome, Failure> {
    let InitArgs { out, trust_domain, authority, force } = args;
    let options = InitOptions {
        trust_domain: trust_domain.clone(),
        algorithm: authority.algo,
        root_lifetime: authority.root_ttl,
        intermediate_lifetime: authority.intermediate_ttl,
    };
    let protection = authority.protection()?;
    let material = init(&options, now.into()).map_err(failure)?;
    let existing = if *force { Existing::Replace } else { Existing::Refuse };
    let written = write_ca(out, &material, &protection, existing).map_err(failure)?;
    for path in &written {
        report::note(&format!("     Created {}", path.display()), global);
    }
    if global.json() {
        report::stdout(&format!("{}\n", serde_json::json!({ "files": written })));
    }
    Ok(Outcome::Clean)
}
