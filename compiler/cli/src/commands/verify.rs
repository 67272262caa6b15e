//! `meshc verify`: load every compiled configuration into the real program.

mod layout;
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use rayon::prelude::*;

use self::program::Program;
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
    #[arg(long, value_name = "PATH", required_unless_present = "proxy")]
    envoy: Vec<PathBuf>,
    /// Binary of `meshc-proxy` to load the configurations of the bundled proxy with; may be repeated.
    #[arg(long, value_name = "PATH")]
    proxy: Vec<PathBuf>,
}

/// What one program said to one configuration.
struct Verdict {
    /// The folder of the configuration.
    bootstrap: PathBuf,
    /// What the program objects to; empty when it loads.
    objections: Vec<String>,
}

/// Runs `meshc verify`: the verdicts go to stdout.
pub(crate) fn run(args: &VerifyArgs, global: &Global) -> Result<Outcome, Failure> {
    let format = global.format(&[Format::Human, Format::Json])?;
    let mut folders = Vec::new();
    for out in &args.out {
        folders.extend(find_folders(out)?);
    }
    if folders.is_empty() {
        let told = "there is no bootstrap to verify: build with `--emit bootstrap` first";
        report::note(told, global);
        return Ok(Outcome::NoInputs);
    }
    let placeholders = layout::Placeholders::new(SystemTime::now())?;
    let mut failed = false;
    let (mut envoys, mut proxies) = (Vec::new(), Vec::new());
    let programs = Program::all(&args.envoy, &args.proxy)?;
    report_unverified(&folders, &programs, global);
    for program in &programs {
        let verdicts = folders
            .par_iter()
            .filter(|folder| program.reads(folder))
            .map(|folder| verdict(program, folder, &placeholders))
            .collect::<Result<Vec<_>, Failure>>()?;
        failed |= verdicts.iter().any(|verdict| !verdict.objections.is_empty());
        match format {
            Format::Json if program.is_envoy() => envoys.push(json("envoy", program, &verdicts)),
            Format::Json => proxies.push(json("proxy", program, &verdicts)),
            _ => report::stdout(&text(program, &verdicts, global)),
        }
    }
    if format == Format::Json {
        let document = serde_json::json!({ "version": 1, "envoys": envoys, "proxies": proxies });
        report::stdout(&format!("{document}\n"));
    }
    Ok(if failed { Outcome::Findings } else { Outcome::Clean })
}

/// Says what no given program reads, so that nobody takes it for verified.
fn report_unverified(folders: &[PathBuf], programs: &[Program], global: &Global) {
    let count = folders.len();
    let unread = folders.iter().filter(|folder| !programs.iter().any(|program| program.reads(folder)));
    let (envoy, proxy): (Vec<&PathBuf>, Vec<&PathBuf>) =
        unread.partition(|folder| folder.join(program::BOOTSTRAP).is_file());
    for (folders, option) in [(envoy, "--envoy"), (proxy, "--proxy")] {
        if !folders.is_empty() {
            let (some, all) = (folders.len(), count);
            report::note(&format!("Not verified for lack of `{option}`: {some} of {all}."), global);
        }
    }
}

/// The folders of proxies in an output folder, sorted.
fn find_folders(out: &Path) -> Result<Vec<PathBuf>, Failure> {
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
        if program::is_of_a_proxy(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Lets a program load one configuration, in the layout that the proxy will have.
fn verdict(
    program: &Program,
    folder: &Path,
    placeholders: &layout::Placeholders,
) -> Result<Verdict, Failure> {
    let layout = layout::Layout::of(folder, placeholders)?;
    let told = program.load(&layout)?;
    let objections = told.iter().map(|told| layout.original(told)).collect();
    Ok(Verdict { bootstrap: folder.to_owned(), objections })
}

fn text(program: &Program, verdicts: &[Verdict], global: &Global) -> String {
    let mut text = String::new();
    for Verdict { bootstrap, objections } in verdicts.iter().filter(|verdict| !verdict.objections.is_empty())
    {
        text.push_str(&format!("{program} refuses {}\n", bootstrap.display()));
        for objection in objections {
            text.push_str(&format!("  {objection}\n"));
        }
    }
    if global.quiet == 0 {
        let loaded = verdicts.iter().filter(|verdict| verdict.objections.is_empty()).count();
        text.push_str(&format!("{program} loads {loaded} of {} bootstraps.\n", verdicts.len()));
    }
    text
}

fn json(key: &str, program: &Program, verdicts: &[Verdict]) -> serde_json::Value {
    let bootstraps: Vec<_> = verdicts
        .iter()
        .map(|Verdict { bootstrap, objections }| {
            serde_json::json!({ "bootstrap": bootstrap, "loads": objections.is_empty(), "objections": objections })
        })
        .collect();
    serde_json::json!({ key: program.version(), "bootstraps": bootstraps })
}
