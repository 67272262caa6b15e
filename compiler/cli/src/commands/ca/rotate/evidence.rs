//! The evidence that a step needs.

use std::path::PathBuf;

use clap::Args;
use meshc_ca::{Evidence, parse_identity_requests};
use meshc_contract::IdentityRequests;

use super::super::{failure, read};
use crate::exit::Failure;

/// What shows that a step may be made.
#[derive(Debug, Args)]
pub(super) struct EvidenceArgs {
    /// Identity requests, as `meshc build` writes them: every workload of them must have reported.
    #[arg(long, value_name = "FILE")]
    identities: PathBuf,
    /// Folder of the certificates, as `meshc ca issue` writes it.
    #[arg(long, value_name = "DIR", default_value = "certificates")]
    pub(super) certificates: PathBuf,
    /// The answer of `/certs` of each proxy, in files NAMESPACE.POD.json or folders of them; beside them, if at hand, what
    /// `kubectl get pods --all-namespaces -o json` prints. May be repeated.
    #[arg(long, value_name = "PATH", required = true)]
    evidence: Vec<PathBuf>,
}

impl EvidenceArgs {
    /// Reads the files.
    pub(super) fn read(&self) -> Result<(IdentityRequests, Evidence), Failure> {
        let Self { identities, certificates: _, evidence } = self;
        let requests = parse_identity_requests(&read(identities)?)
            .map_err(|error| Failure::new(format!("{}: {error}", identities.display())))?;
        Ok((requests, Evidence::read(evidence).map_err(failure)?))
    }
}
