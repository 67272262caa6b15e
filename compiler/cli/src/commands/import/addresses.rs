//! `meshc import addresses`: what the API server and istiod gave to objects of the tree.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use meshc_api::ResourceSet;
use meshc_diagnostics::Diagnostics;
use meshc_model::{discovered, imported};
use meshc_source::disk::MAX_FILE_BYTES;
use meshc_source::{InputFile, disk};

use crate::args::{Format, Global, InputArgs};
use crate::commands::lock::{self, Read, Update};
use crate::exit::{Failure, Outcome};

/// Arguments of `meshc import addresses`.
#[derive(Debug, Args)]
pub(crate) struct AddressesArgs {
    #[command(flatten)]
    input: InputArgs,
    /// What `kubectl get services,serviceentries --all-namespaces -o json` printed; without it, kubectl is asked.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubectl", "context"])]
    from: Option<PathBuf>,
    /// The kubectl that is asked.
    #[arg(long, value_name = "PROGRAM", default_value = "kubectl")]
    kubectl: PathBuf,
    /// Context of kubectl.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Write nothing; exit with 1 if the cluster says something else than the file.
    #[arg(long)]
    check: bool,
}

/// Runs `meshc import addresses`. Objects that the tree does not have are left alone.
pub(super) fn run(args: &AddressesArgs, global: &Global) -> Result<Outcome, Failure> {
    let format = global.format(&[Format::Human, Format::Concise, Format::Json])?;
    let (path, resolved) = match lock::read(&args.input, format, global)? {
        Read::Tree(path, resolved) => (path, resolved),
        Read::Unusable(outcome) => return Ok(outcome),
    };
    let cluster = objects(cluster(args, &resolved.resources)?)?;
    let before = &resolved.mesh.options.lock;
    let resources = discovered(&resolved.resources, &resolved.mesh.config);
    let (after, changes) = imported(&resources, &cluster, before);
    let differs = !changes.is_empty() || lock::repairs(&resolved.diagnostics);
    lock::finish(Update { path: &path, after: &after, changes: &changes, differs }, args.check, global)
}

/// What the cluster has, as kubectl prints it.
fn cluster(args: &AddressesArgs, tree: &ResourceSet) -> Result<Vec<InputFile>, Failure> {
    if let Some(from) = &args.from {
        let read = disk::read_paths(std::slice::from_ref(from), &mut io::stdin().lock());
        return read.map_err(|error| Failure::new(error.to_string()));
    }
    let mut files = vec![get(args, "services")?];
    // A cluster without Istio's kinds has no ServiceEntries to ask for.
    if !tree.service_entries.is_empty() {
        files.push(get(args, "serviceentries.networking.istio.io")?);
    }
    Ok(files)
}

fn get(args: &AddressesArgs, kind: &str) -> Result<InputFile, Failure> {
    let program = args.kubectl.display();
    let failure = |error: io::Error| Failure::new(format!("cannot run `{program}`: {error}; see --from"));
    let mut command = Command::new(&args.kubectl);
    if let Some(context) = &args.context {
        command.arg(format!("--context={context}"));
    }
    command.args(["get", kind, "--all-namespaces", "--output=json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failure)?;
    let mut bytes = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failure)?;
    }
    let status = child.wait().map_err(failure)?;
    if !status.success() {
        return Err(Failure::new(format!("`{program} get {kind}` failed: {status}")));
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Failure::new(format!("`{program} get {kind}` printed more than meshc reads")));
    }
    Ok(InputFile::new(format!("{kind}.json"), bytes))
}

/// The objects of a cluster. They have been admitted, so what meshc would say of their fields is of no interest.
fn objects(files: Vec<InputFile>) -> Result<ResourceSet, Failure> {
    let mut diagnostics = Diagnostics::new();
    let sources = meshc_source::load(files, &mut diagnostics);
    if let Some(finding) = diagnostics.into_sorted().into_iter().find(|finding| finding.primary.is_some()) {
        return Err(Failure::new(format!("cannot read what the cluster has: {}", finding.message)));
    }
    Ok(meshc_api::decode(&sources.documents, &mut Diagnostics::new()))
}
