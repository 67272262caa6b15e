//! `meshc ca inspect`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use meshc_ca::{CertificateFacts, inspect_pem, rfc3339};

use super::{failure, read};
use crate::args::Global;
use crate::exit::{Failure, Outcome};
use crate::report;

/// Arguments of `meshc ca inspect`.
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// A file with certificates in PEM form, or `-` for stdin.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(args: &InspectArgs, global: &Global) -> Result<Outcome, Failure> {
    let text = if args.file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Failure::io("read", &args.file, &error))?;
        text
    } else {
        read(&args.file)?
    };
    let certificates = inspect_pem(&text, &args.file.display().to_string()).map_err(failure)?;
    let told = if global.json() {
        let certificates: Vec<_> = certificates.iter().map(json).collect();
        format!("{}\n", serde_json::json!({ "certificates": certificates }))
    } else {
        certificates.iter().map(text_of).collect::<Vec<_>>().join("\n")
    };
    report::stdout(&told);
    Ok(Outcome::Clean)
}

fn text_of(facts: &CertificateFacts) -> String {
    let CertificateFacts {
        subject,
        issuer,
        serial,
        not_before,
        not_after,
        is_ca,
        path_length,
        uris,
        other_names,
        names_critical,
        key_usages,
        extended_key_usages,
        unknown_critical,
    } = facts;
    let authority = match (is_ca, path_length) {
        (true, Some(length)) => format!("yes, path length {length}"),
        (true, None) => "yes".to_owned(),
        (false, _) => "no".to_owned(),
    };
    let names: Vec<_> = uris.iter().chain(other_names).map(String::as_str).collect();
    let critical = if *names_critical { " (critical)" } else { "" };
    let rows = [
        ("subject", if subject.is_empty() { "(empty)".to_owned() } else { subject.clone() }),
        ("names", format!("{}{critical}", names.join(", "))),
        ("issuer", issuer.clone()),
        ("valid", format!("{} to {}", rfc3339(*not_before), rfc3339(*not_after))),
        ("authority", authority),
        ("key usage", key_usages.join(", ")),
        ("extended", extended_key_usages.join(", ")),
        ("serial", serial.clone()),
        ("unknown critical", unknown_critical.join(", ")),
    ];
    let filled = rows.iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| format!("{name:<10} {value}\n")).collect()
}

fn json(facts: &CertificateFacts) -> serde_json::Value {
    let CertificateFacts {
        subject,
        issuer,
        serial,
        not_before,
        not_after,
        is_ca,
        path_length,
        uris,
        other_names,
        names_critical,
        key_usages,
        extended_key_usages,
        unknown_critical,
    } = facts;
    serde_json::json!({
        "subject": subject,
        "issuer": issuer,
        "serial": serial,
        "notBefore": rfc3339(*not_before),
        "notAfter": rfc3339(*not_after),
        "isCa": is_ca,
        "pathLength": path_length,
        "uris": uris,
        "otherNames": other_names,
        "namesCritical": names_critical,
        "keyUsages": key_usages,
        "extendedKeyUsages": extended_key_usages,
        "unknownCritical": unknown_critical,
    })
}
