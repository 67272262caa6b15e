//! `meshc ca inspect`.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use meshc_ca::{CertificateFacts, certificate_files, inspect_pem, rfc3339};

use super::{failure, read};
use crate::args::Global;
use crate::exit::{Failure, Outcome};
use crate::report;

/// Arguments of `meshc ca inspect`.
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// Files with certificates in PEM form, folders whose `*.crt` files are read, or `-` for stdin.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// One certificate, and where it is.
struct Found {
    file: String,
    facts: CertificateFacts,
}

pub(super) fn run(args: &InspectArgs, global: &Global, now: SystemTime) -> Result<Outcome, Failure> {
    let mut found = Vec::new();
    for path in &args.paths {
        let files = if path == Path::new("-") {
            vec![path.clone()]
        } else {
            certificate_files(std::slice::from_ref(path)).map_err(failure)?
        };
        for path in files {
            let file = path.display().to_string();
            let facts = inspect_pem(&content(&path)?, &file).map_err(failure)?;
            found.extend(facts.into_iter().map(|facts| Found { file: file.clone(), facts }));
        }
    }
    if found.is_empty() {
        report::note("no certificates found", global);
        return Ok(Outcome::NoInputs);
    }
    report::stdout(&if global.json() {
        let certificates: Vec<_> = found.iter().map(json).collect();
        format!("{}\n", serde_json::json!({ "certificates": certificates }))
    } else {
        found.iter().map(|found| text(found, now)).collect::<Vec<_>>().join("\n")
    });
    Ok(Outcome::Clean)
}

fn content(path: &Path) -> Result<String, Failure> {
    if path != Path::new("-") {
        return read(path);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::io("read", path, &error))?;
    Ok(text)
}

fn text(Found { file, facts }: &Found, now: SystemTime) -> String {
    let CertificateFacts {
        subject,
        issuer,
        serial,
        key,
        fingerprint,
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
    let valid = format!("{} to {}", rfc3339(*not_before), rfc3339(*not_after));
    let rows = [
        ("file", file.clone()),
        ("subject", if subject.is_empty() { "(empty)".to_owned() } else { subject.clone() }),
        ("names", format!("{}{critical}", names.join(", "))),
        ("issuer", issuer.clone()),
        (
            "valid",
            format!("{valid} ({})", left(SystemTime::from(*not_before), SystemTime::from(*not_after), now)),
        ),
        ("authority", authority),
        ("key", key.clone()),
        ("key usage", key_usages.join(", ")),
        ("extended", extended_key_usages.join(", ")),
        ("serial", serial.clone()),
        ("sha256", fingerprint.clone()),
        ("unknown critical", unknown_critical.join(", ")),
    ];
    let filled = rows.iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| format!("{name:<10} {value}\n")).collect()
}

/// Where the present is in a validity.
fn left(not_before: SystemTime, not_after: SystemTime, now: SystemTime) -> String {
    match (not_before.duration_since(now), not_after.duration_since(now)) {
        (Ok(until), _) if !until.is_zero() => "not yet".to_owned(),
        (_, Ok(left)) => format!("{} left", whole(left)),
        (_, Err(over)) => format!("expired {} ago", whole(over.duration())),
    }
}

/// The two largest units, as `364d 23h`.
fn whole(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}m"),
        (0, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

fn json(Found { file, facts }: &Found) -> serde_json::Value {
    let CertificateFacts {
        subject,
        issuer,
        serial,
        key,
        fingerprint,
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
        "file": file,
        "subject": subject,
        "issuer": issuer,
        "serial": serial,
        "key": key,
        "sha256": fingerprint,
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
