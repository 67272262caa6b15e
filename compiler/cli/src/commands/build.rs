//! `meshc build`: compile a tree.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use meshc_contract::Lifetime;
use meshc_diagnostics::Diagnostics;
use meshc_emit::envoy::{self, EnvoyFlavor, EnvoyOptions, EnvoySets};
use meshc_emit::{ArtifactSet, identities};
use meshc_model::Mesh;
use meshc_plan::Plan;

use crate::args::{Format, Global, InputArgs};
use crate::driver::{self, Resolved};
use crate::exit::{Failure, Outcome};
use crate::out_dir;
use crate::report::{self, Found};

/// Arguments of `meshc build`.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Folder that is replaced by the output.
    #[arg(long, value_name = "DIR", default_value = "dist")]
    out_dir: PathBuf,
    /// Sets to write.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "k8s")]
    emit: Vec<EmitSet>,
    /// The Envoy that runs the result.
    #[arg(long, value_enum, default_value_t = EnvoyChoice::Stock)]
    envoy: EnvoyChoice,
}

/// A set of output files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EmitSet {
    /// Kubernetes manifests with the sidecar injected.
    #[value(name = "k8s")]
    Kubernetes,
    /// One static bootstrap a proxy, with its companion files.
    Bootstrap,
    /// The resources of each proxy as JSON, for review and comparison.
    Xds,
}

/// The Envoy that runs the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EnvoyChoice {
    /// A released Envoy.
    Stock,
    /// Istio's build, with the filters that only it has.
    IstioProxy,
}

/// Runs `meshc build`.
///
/// Nothing is written when something does not compile, so that nobody applies half of what was meant and the last good
/// output stays. `xds` alone shows what istiod would make of the same input, and istiod takes what it can, so it is written
/// all the same.
pub(crate) fn run(args: &BuildArgs, global: &Global) -> Result<Outcome, Failure> {
    let format = global.format(&[Format::Human, Format::Concise, Format::Json])?;
    let Resolved { files, objects, resources: _, mesh, mut diagnostics } = driver::resolve(&args.input)?;
    if objects == 0 {
        let outcome = report::finish(Found { diagnostics, files: &files, resources: 0 }, format, global);
        report::note(&nothing_to_compile(args, files.len(), outcome), global);
        return Ok(if outcome == Outcome::Clean { Outcome::NoInputs } else { outcome });
    }
    let plan = driver::lower(&mesh, &mut diagnostics);
    let review = envoy_artifacts(args, &plan, &mut diagnostics, |set| set == EmitSet::Xds);
    let deliverables = deliverables(args, &mesh, &plan, &mut diagnostics);
    let withheld = diagnostics.has_errors();
    let mut artifacts = ArtifactSet::default();
    if !withheld {
        artifacts.extend(deliverables);
    }
    if !withheld || args.emit.iter().all(|set| *set == EmitSet::Xds) {
        artifacts.extend(review);
    }
    let written = artifacts.iter().count();
    if written > 0 {
        out_dir::replace(&args.out_dir, &artifacts)?;
    }
    let outcome = report::finish(Found { diagnostics, files: &files, resources: objects }, format, global);
    report::note(&summary(args, &mesh, &plan, written, withheld), global);
    Ok(outcome)
}

/// What is applied or run: manifests, bootstraps and the identities that they need.
fn deliverables(args: &BuildArgs, mesh: &Mesh, plan: &Plan, diagnostics: &mut Diagnostics) -> ArtifactSet {
    let mut artifacts = envoy_artifacts(args, plan, diagnostics, |set| set == EmitSet::Bootstrap);
    let requests = identities::requests(plan, &mesh.config.trust_domain, Lifetime::ISTIO_DEFAULT);
    artifacts.extend(identities::emit(&requests));
    artifacts
}

/// The sets of Envoy configuration that were asked for and that a filter lets through.
fn envoy_artifacts(
    args: &BuildArgs,
    plan: &Plan,
    diagnostics: &mut Diagnostics,
    filter: impl Fn(EmitSet) -> bool,
) -> ArtifactSet {
    let wanted = |set: EmitSet| args.emit.contains(&set) && filter(set);
    let sets = EnvoySets { bootstrap: wanted(EmitSet::Bootstrap), xds: wanted(EmitSet::Xds) };
    let flavor = match args.envoy {
        EnvoyChoice::Stock => EnvoyFlavor::Stock,
        EnvoyChoice::IstioProxy => EnvoyFlavor::IstioProxy,
    };
    envoy::emit(plan, &EnvoyOptions { flavor, ..EnvoyOptions::default() }, sets, diagnostics)
}

/// Why there is no output.
fn nothing_to_compile(args: &BuildArgs, files: usize, outcome: Outcome) -> String {
    let paths: Vec<String> = args.input.paths.iter().map(|path| format!("`{}`", path.display())).collect();
    match (outcome, files) {
        (Outcome::Findings, _) => {
            format!("Nothing was written: fix the errors first; {} is as it was.", args.out_dir.display())
        }
        (_, 0) => format!("Nothing to compile: no .yaml, .yml or .json file in {}.", paths.join(", ")),
        _ => format!("Nothing to compile: no Kubernetes or Istio object in {}.", paths.join(", ")),
    }
}

/// What a build did, in one line; a second one where the result may surprise.
fn summary(args: &BuildArgs, mesh: &Mesh, plan: &Plan, written: usize, withheld: bool) -> String {
    let out = args.out_dir.display();
    let proxies = match plan.proxies.len() {
        1 => "1 proxy".to_owned(),
        count => format!("{count} proxies"),
    };
    let files = match written {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    match (withheld, written) {
        (true, 0) => format!("Nothing was written: fix the errors first; {out} is as it was."),
        (true, _) => format!("Wrote xds to {out} for review only: fix the errors first."),
        (false, _) if plan.proxies.is_empty() && !mesh.workloads.is_empty() => format!(
            "Compiled {proxies} into {files} in {out}.\nNo workload asks for a proxy: label its namespace \
             `istio-injection: enabled`, or build with `--inject all`."
        ),
        (false, _) => format!("Compiled {proxies} into {files} in {out}."),
    }
}
