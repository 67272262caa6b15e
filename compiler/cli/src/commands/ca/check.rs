//! `meshc ca check`.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use meshc_ca::{Expiry, ExpiryState, check_expiry, rfc3339};
use meshc_contract::Lifetime;

use super::failure;
use crate::args::Global;
use crate::exit::{Failure, Outcome};
use crate::report;

/// Arguments of `meshc ca check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Certificate files, and folders whose `*.crt` files are read.
    #[arg(default_value = "ca", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Report what ends within this time.
    #[arg(long, value_name = "TIME", default_value = "30d")]
    within: Lifetime,
}

pub(super) fn run(args: &CheckArgs, global: &Global, now: SystemTime) -> Result<Outcome, Failure> {
    let report = check_expiry(&args.paths, args.within, now.into()).map_err(failure)?;
    if global.quiet < 2 {
        report::stdout(&if global.json() {
            json(report.checked, &report.expiring)
        } else {
            text(&report.expiring)
        });
    }
    if report.checked == 0 {
        report::note("no certificates found", global);
        return Ok(Outcome::NoInputs);
    }
    Ok(if report.expiring.is_empty() { Outcome::Clean } else { Outcome::Findings })
}

fn text(expiring: &[Expiry]) -> String {
    let mut text = String::new();
    for Expiry { path, name, not_before, not_after, state } in expiring {
        let what = match state {
            ExpiryState::Expired => format!("expired at {}", rfc3339(*not_after)),
            ExpiryState::Soon => format!("expires at {}", rfc3339(*not_after)),
            ExpiryState::NotYetValid => {
                format!("is valid only from {}: check the clock", rfc3339(*not_before))
            }
        };
        text.push_str(&format!("warning: `{name}` {what} ({})\n", path.display()));
    }
    text
}

fn json(checked: usize, expiring: &[Expiry]) -> String {
    let expiring: Vec<_> = expiring
        .iter()
        .map(|Expiry { path, name, not_before, not_after, state }| {
            serde_json::json!({
                "path": path,
                "name": name,
                "notBefore": rfc3339(*not_before),
                "notAfter": rfc3339(*not_after),
                "state": match state {
                    ExpiryState::Expired => "expired",
                    ExpiryState::Soon => "soon",
                    ExpiryState::NotYetValid => "not-yet-valid",
                },
            })
        })
        .collect();
    format!("{}\n", serde_json::json!({ "checked": checked, "expiring": expiring }))
}
