//! `meshc verify`: load every compiled bootstrap into a real Envoy.

mod layout;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use clap::Args;
use rayon::prelude::*;

use crate::args::{Format, Global};
use crate::exit::{Failure, Outcome};
use crate::report;

/// Arguments of `meshc verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Output folders of `meshc build --emit bootstrap`.
    #[arg(value_name = "OUT", required = true)]
    out: Vec<PathBuf>,
    /// Envoy binary to load the bootstraps with; may be repeated, for several versions.
    #[arg(long, value_name = "PATH", required = true)]
    envoy: Vec<PathBuf>,
}

/// What one Envoy said to one bootstrap.
struct Verdict {
    /// The folder of the bootstrap.
    bootstrap: PathBuf,
    /// What Envoy objects to; empty when it loads.
    objections: Vec<String>,
}

/// Runs `meshc verify`: the verdicts go to stdout.
pub(crate) fn run(args: &VerifyArgs, global: &Global) -> Result<Outcome, Failure> {
    let format = global.format(&[Format::Human, Format::Json])?;
    let mut bootstraps = Vec::new();
    for out in &args.out {
        bootstraps.extend(find_bootstraps(out)?);
    }
    if bootstraps.is_empty() {
        let told = "there is no bootstrap to verify: build with `--emit bootstrap` first";
        report::note(told, global);
        return Ok(Outcome::NoInputs);
    }
    let placeholders = layout::Placeholders::new(SystemTime::now())?;
    let mut failed = false;
    let mut documents = Vec::new();
    for envoy in &args.envoy {
        let version = version(envoy)?;
        let verdicts = bootstraps
            .par_iter()
            .map(|bootstrap| verdict(envoy, bootstrap, &placeholders))
            .collect::<Result<Vec<_>, Failure>>()?;
        failed |= verdicts.iter().any(|verdict| !verdict.objections.is_empty());
        match format {
            Format::Json => documents.push(json(&version, &verdicts)),
            _ => report::stdout(&text(&version, &verdicts, global)),
        }
    }
    if format == Format::Json {
        report::stdout(&format!("{}\n", serde_json::json!({ "version": 1, "envoys": documents })));
    }
    Ok(if failed { Outcome::Findings } else { Outcome::Clean })
}

/// The bootstrap folders of an output folder, sorted.
fn find_bootstraps(out: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = out.join("bootstrap");
    if !out.is_dir() {
        return Err(Failure::new(format!("`{}` is not a folder", out.display())));
    }
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&folder).map_err(|error| Failure::io("read", &folder, &error))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Failure::io("read", &folder, &error))?.path();
        if path.join(layout::BOOTSTRAP).is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What the binary calls itself: `1.36.4`.
fn version(envoy: &Path) -> Result<String, Failure> {
    let output =
        Command::new(envoy).arg("--version").output().map_err(|error| Failure::io("run", envoy, &error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_once("version: ").and_then(|(_, version)| version.split('/').nth(1));
    version.map(str::to_owned).ok_or_else(|| Failure::new(format!("`{}` is not an Envoy", envoy.display())))
}

/// Lets an Envoy load one bootstrap, in the layout that the proxy will have.
fn verdict(envoy: &Path, bootstrap: &Path, placeholders: &layout::Placeholders) -> Result<Verdict, Failure> {
    let layout = layout::Layout::of(bootstrap, placeholders)?;
    let output = Command::new(envoy)
        .args(["--mode", "validate", "--log-level", "critical", "-c"])
        .arg(layout.bootstrap())
        .output()
        .map_err(|error| Failure::io("run", envoy, &error))?;
    let told = String::from_utf8_lossy(&output.stderr);
    let mut objections: Vec<String> = Vec::new();
    if !output.status.success() {
        objections.extend(told.lines().filter_map(objection).map(|told| layout.original(told)));
        if objections.is_empty() {
            objections.push(format!("Envoy ended with {}", output.status));
        }
    }
    Ok(Verdict { bootstrap: bootstrap.to_owned(), objections })
}

/// The message of a log line that says why Envoy cannot start. Envoy writes in the format that the bootstrap states (fields
/// between tabs, the level second and the message fourth), or in its own when it cannot read the bootstrap.
fn objection(line: &str) -> Option<&str> {
    if let Some((_, rest)) = line.split_once("[critical]") {
        return rest.splitn(3, "] ").nth(2);
    }
    let mut fields = line.split('\t');
    let level = fields.nth(1)?;
    (level == "critical").then(|| fields.nth(1)).flatten()
}

fn text(version: &str, verdicts: &[Verdict], global: &Global) -> String {
    let mut text = String::new();
    for Verdict { bootstrap, objections } in verdicts.iter().filter(|verdict| !verdict.objections.is_empty())
    {
        text.push_str(&format!("Envoy {version} refuses {}\n", bootstrap.display()));
        for objection in objections {
            text.push_str(&format!("  {objection}\n"));
        }
    }
    if global.quiet == 0 {
        let loaded = verdicts.iter().filter(|verdict| verdict.objections.is_empty()).count();
        text.push_str(&format!("Envoy {version} loads {loaded} of {} bootstraps.\n", verdicts.len()));
    }
    text
}

fn json(version: &str, verdicts: &[Verdict]) -> serde_json::Value {
    let bootstraps: Vec<_> = verdicts
        .iter()
        .map(|Verdict { bootstrap, objections }| {
            serde_json::json!({ "bootstrap": bootstrap, "loads": objections.is_empty(), "objections": objections })
        })
        .collect();
    serde_json::json!({ "envoy": version, "bootstraps": bootstraps })
}
