//! `meshc build`: compile a tree.

mod target;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use meshc_contract::Lifetime;
use meshc_diagnostics::{Diagnostics, Severity};
use meshc_emit::envoy::{EnvoyFlavor, EnvoyOptions, EnvoySets};
use meshc_emit::kubernetes::{self, KubernetesOptions};
use meshc_emit::{ArtifactSet, Emitters, Steps, identities};
use meshc_model::Mesh;
use meshc_plan::{Manifests, Plan};
use rayon::prelude::*;

use crate::args::{Format, Global, InjectChoice, InputArgs};
use crate::driver::{self, Resolved};
use crate::exit::{Failure, Outcome};
use crate::out_dir;
use crate::report::{self, Found};
use target::TargetArg;

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
    /// The program of the proxies: `envoy`, or `proxy` for the bundled one; `NAMESPACE/WORKLOAD=…` for one workload.
    /// May be repeated. The annotation `meshc.dev/target` of pods wins over it.
    #[arg(long, value_name = "TARGET", default_value = "envoy")]
    target: Vec<TargetArg>,
    /// Image of the bundled proxy.
    #[arg(long, value_name = "IMAGE")]
    proxy_image: Option<String>,
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
/// Nothing is written when an object is refused or cannot be read, so that nobody applies half of what was meant and the last
/// good output stays. `xds` alone shows what istiod would make of the same input, and istiod takes what it can, so it is
/// written all the same, with listeners on ports that the process of the proxy needs if its metadata does not state them.
pub(crate) fn run(args: &BuildArgs, global: &Global) -> Result<Outcome, Failure> {
    let format = global.format(&[Format::Human, Format::Concise, Format::Json])?;
    let mut resolved = driver::resolve(&args.input)?;
    if resolved.objects == 0 {
        let Resolved { diagnostics, files, .. } = resolved;
        let outcome = report::finish(Found { diagnostics, files: &files, resources: 0 }, format, global);
        report::note(&nothing_to_compile(args, files.len(), outcome), global);
        return Ok(if outcome == Outcome::Clean { Outcome::NoInputs } else { outcome });
    }
    let review_only = args.emit.iter().all(|set| *set == EmitSet::Xds);
    resolved.mesh.options.reserve_own_ports = !review_only;
    let lowered = lower(args, &mut resolved);
    target::check(&args.target, &lowered.plan)?;
    let artifacts = emit(args, &lowered, &mut resolved);
    let Resolved { diagnostics, files, objects, mesh, resources } = resolved;
    let withheld =
        diagnostics.iter().any(|finding| finding.severity == Severity::Error && !finding.contained);
    let written = if withheld && !review_only { 0 } else { artifacts.iter().count() };
    if written > 0 {
        out_dir::replace(&args.out_dir, &artifacts)?;
    }
    let outcome = report::finish(Found { diagnostics, files: &files, resources: objects }, format, global);
    report::note(&summary(args, &mesh, &lowered.plan, written, withheld), global);
    if outcome == Outcome::Findings && !withheld {
        report::note("Requests that the errors name are refused until they are fixed.", global);
    }
    // The process ends; to give millions of small pieces of memory back one by one would only delay that.
    std::mem::forget((artifacts, lowered, mesh, resources));
    Ok(outcome)
}

/// What the middle of the compiler leaves.
struct Lowered {
    plan: Plan,
    /// The objects of Kubernetes, where they were asked for.
    manifests: Option<Manifests>,
}

/// The plan, and beside it what Kubernetes still needs: neither asks for the other.
fn lower(args: &BuildArgs, resolved: &mut Resolved) -> Lowered {
    let Resolved { diagnostics, files, resources, mesh, objects: _ } = resolved;
    let mut of_manifests = Diagnostics::new();
    let (plan, manifests) = rayon::join(
        || meshc_lower::lower(mesh, diagnostics),
        || {
            let wanted = args.emit.contains(&EmitSet::Kubernetes);
            wanted.then(|| meshc_lower::manifests(resources, mesh, files, &mut of_manifests))
        },
    );
    diagnostics.append(of_manifests);
    Lowered { plan, manifests }
}

/// Steps on all threads.
struct AllThreads;

impl Steps for AllThreads {
    fn each<I: Sync, O: Send>(&self, inputs: &[I], step: impl Fn(&I) -> O + Sync + Send) -> Vec<O> {
        inputs.par_iter().map(step).collect()
    }
}

/// The sets that were asked for, and the identities that the proxies need.
fn emit(args: &BuildArgs, lowered: &Lowered, resolved: &mut Resolved) -> ArtifactSet {
    let Resolved { diagnostics, mesh, files: _, resources: _, objects: _ } = resolved;
    let Lowered { plan, manifests } = lowered;
    let flavor = match args.envoy {
        EnvoyChoice::Stock => EnvoyFlavor::Stock,
        EnvoyChoice::IstioProxy => EnvoyFlavor::IstioProxy,
    };
    let wanted = |set| args.emit.contains(&set);
    let choice = target::choice(&args.target);
    let mut emitters = Emitters::new(plan, choice, EnvoyOptions { flavor, ..EnvoyOptions::default() });
    let sets = EnvoySets { bootstrap: wanted(EmitSet::Bootstrap), xds: wanted(EmitSet::Xds) };
    let mut artifacts = meshc_emit::emit(plan, sets, &mut emitters, diagnostics);
    if let Some(manifests) = manifests {
        let mut options = KubernetesOptions::of_flavor(flavor);
        if let Some(image) = &args.proxy_image {
            options.meshc_proxy_image.clone_from(image);
        }
        artifacts.extend(kubernetes::emit(
            plan,
            manifests,
            &options,
            &mut emitters,
            &AllThreads,
            diagnostics,
        ));
    }
    let requests = identities::requests(plan, &mesh.config.trust_domain, Lifetime::ISTIO_DEFAULT);
    artifacts.extend(identities::emit(&requests));
    artifacts
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
        (false, _) if plan.proxies.is_empty() && !mesh.workloads.is_empty() => {
            let reason = match args.input.inject {
                InjectChoice::Labelled => {
                    "No workload asks for a proxy: label its namespace `istio-injection: enabled`, or build with \
                     `--inject all`."
                }
                InjectChoice::All => {
                    "Every workload opts out of a proxy, by `sidecar.istio.io/inject` or its namespace."
                }
            };
            format!("Compiled {proxies} into {files} in {out}.\n{reason}")
        }
        (false, _) => format!("Compiled {proxies} into {files} in {out}."),
    }
}
