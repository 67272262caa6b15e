//! `meshc lock`: keep addresses in a file in git.

use std::path::Path;

use clap::Args;
use meshc_api::{AddressRange, Lock};
use meshc_diagnostics::{Diagnostics, Severity, codes};
use meshc_model::{LockChange, discovered, locked};

use crate::args::{Format, Global, InputArgs};
use crate::driver::{self, Resolved};
use crate::exit::{Failure, Outcome};
use crate::lock_file;
use crate::report::{self, Found};

/// Arguments of `meshc lock`.
#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Write nothing; exit with 1 if the file is not what it should be.
    #[arg(long)]
    check: bool,
    /// Give addresses of this block to Services that state none, as `10.96.128.0/17`; the file remembers it. The build emits
    /// them as `spec.clusterIP`.
    #[arg(long, value_name = "CIDR")]
    service_range: Option<AddressRange>,
}

/// Runs `meshc lock`. A tree that cannot be read as a whole changes nothing: an object that is refused would lose its addresses.
pub(crate) fn run(args: &LockArgs, global: &Global) -> Result<Outcome, Failure> {
    let format = global.format(&[Format::Human, Format::Concise, Format::Json])?;
    let (path, resolved) = match read(&args.input, format, global)? {
        Read::Tree(path, resolved) => (path, resolved),
        Read::Unusable(outcome) => return Ok(outcome),
    };
    let mut before = resolved.mesh.options.lock.clone();
    let range = args.service_range.or(before.service_range);
    let old_range = std::mem::replace(&mut before.service_range, range);
    let resources = discovered(&resolved.resources, &resolved.mesh.config);
    let (after, changes) = locked(&resources, &before);
    // Lines that contradict each other are changed even where the first one stays.
    let differs = !changes.is_empty() || old_range != range || repairs(&resolved.diagnostics);
    finish(Update { path: &path, after: &after, changes: &changes, differs }, args.check, global)
}

/// What became of reading a tree.
pub(super) enum Read {
    /// The place of the lock file, and the tree with what the file says now.
    Tree(std::path::PathBuf, Box<Resolved>),
    /// Why not, has been reported.
    Unusable(Outcome),
}

/// Reads a tree and its lock file.
pub(super) fn read(input: &InputArgs, format: Format, global: &Global) -> Result<Read, Failure> {
    let path = lock_file::wanted(input)?;
    let resolved = if lock_file::is_new(input) {
        driver::resolve(&input.without_lock())?
    } else {
        driver::resolve(input)?
    };
    if resolved.objects == 0 && !resolved.diagnostics.has_errors() {
        report::note("Nothing to lock: no Kubernetes or Istio object was found.", global);
        return Ok(Read::Unusable(Outcome::NoInputs));
    }
    let stops = |finding: &meshc_diagnostics::Diagnostic| {
        finding.severity == Severity::Error && !finding.contained && finding.code != &codes::LOCK_CONFLICT
    };
    if !resolved.diagnostics.iter().any(stops) {
        return Ok(Read::Tree(path, Box::new(resolved)));
    }
    let mut diagnostics = Diagnostics::new();
    resolved
        .diagnostics
        .into_sorted()
        .into_iter()
        .filter(stops)
        .for_each(|finding| diagnostics.push(finding));
    let found = Found { diagnostics, files: &resolved.files, resources: resolved.objects };
    let outcome = report::finish(found, format, global);
    report::note(&format!("{} is as it was: fix the errors first.", path.display()), global);
    Ok(Read::Unusable(outcome))
}

/// Whether a new lock file puts findings about the old one right.
pub(super) fn repairs(diagnostics: &Diagnostics) -> bool {
    diagnostics.iter().any(|finding| finding.code == &codes::LOCK_CONFLICT)
}

/// What a lock file should become.
pub(super) struct Update<'u> {
    pub(super) path: &'u Path,
    pub(super) after: &'u Lock,
    pub(super) changes: &'u [LockChange],
    pub(super) differs: bool,
}

/// Writes the file, or says that it is not what it should be.
pub(super) fn finish(update: Update<'_>, check: bool, global: &Global) -> Result<Outcome, Failure> {
    let Update { path, after, changes, differs } = update;
    let shown = path.display();
    for change in changes {
        report::note(&line(change), global);
    }
    if !differs {
        let count = after.service_entries.len() + after.services.len();
        let addresses = if count == 1 { "1 address".to_owned() } else { format!("{count} addresses") };
        report::note(&format!("{shown} is up to date: {addresses}."), global);
        return Ok(Outcome::Clean);
    }
    if check {
        report::note(&format!("{shown} is not up to date: run `meshc lock` and commit it."), global);
        return Ok(Outcome::Findings);
    }
    lock_file::write(path, after)?;
    report::note(&format!("Wrote {shown}: {}.", counts(after, changes)), global);
    Ok(Outcome::Clean)
}

fn line(change: &LockChange) -> String {
    match change {
        LockChange::Added(given) => format!("  + {given}"),
        LockChange::Moved(given) => format!("  ~ {given}"),
        LockChange::Freed(given) => format!("  - {given}"),
    }
}

fn counts(after: &Lock, changes: &[LockChange]) -> String {
    let count = |is: fn(&LockChange) -> bool| changes.iter().filter(|change| is(change)).count();
    let added = count(|change| matches!(change, LockChange::Added(_)));
    let moved = count(|change| matches!(change, LockChange::Moved(_)));
    let freed = count(|change| matches!(change, LockChange::Freed(_)));
    let kept = (after.service_entries.len() + after.services.len()).saturating_sub(added + moved);
    format!("{kept} kept, {added} added, {moved} moved, {freed} freed")
}
