//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::exit::Failure;

/// Istio without a control plane: compiles a git tree of Kubernetes and Istio YAML into Envoy configuration.
#[derive(Debug, Parser)]
#[command(name = "meshc", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options with the same meaning on every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// How results are written; which formats there are depends on the command.
    #[arg(short, long, global = true, value_enum, env = "MESHC_OUTPUT")]
    pub(crate) output: Option<Format>,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// Say less: once for findings only, twice for nothing but the exit code.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) quiet: u8,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the source, for people.
    Human,
    /// One line a finding.
    Concise,
    /// One JSON object on stdout.
    Json,
    /// Indented text (`graph`).
    Tree,
    /// A Mermaid flowchart (`graph`).
    Mermaid,
    /// Graphviz (`graph`).
    Dot,
}

impl Global {
    /// The format that was asked for, or the first of those that a command has.
    pub(crate) fn format(&self, has: &[Format]) -> Result<Format, Failure> {
        match self.output {
            None => Ok(has.first().copied().unwrap_or(Format::Human)),
            Some(format) if has.contains(&format) => Ok(format),
            Some(format) => {
                let names: Vec<String> = has.iter().map(|format| format.name()).collect();
                Err(Failure::new(format!(
                    "this command has no output `{}`; it has {}",
                    format.name(),
                    names.join(", ")
                )))
            }
        }
    }

    /// Whether a program reads the result.
    pub(crate) fn json(&self) -> bool {
        self.output == Some(Format::Json)
    }
}

impl Format {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile a tree into manifests, bootstraps and identity requests.
    Build(commands::build::BuildArgs),
    /// Draw the services, workloads and gateways of a tree.
    Graph(commands::graph::GraphArgs),
    /// Keep addresses that meshc gives in a file in git, so that they never move.
    Lock(commands::lock::LockArgs),
    /// Take over what a running cluster has decided.
    Import(commands::import::ImportArgs),
    /// Load every compiled bootstrap into a real Envoy.
    Verify(commands::verify::VerifyArgs),
    /// The certificate authority: make a root, issue certificates.
    Ca(commands::ca::CaArgs),
}

/// What to compile and under which settings of the mesh.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// Directories and files to read, or `-` for stdin.
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// MeshConfig, laid over Istio's defaults and over the ConfigMap `istio` of the tree.
    #[arg(long, value_name = "FILE")]
    pub(crate) mesh_config: Option<PathBuf>,
    /// MeshNetworks of a mesh with several networks.
    #[arg(long, value_name = "FILE")]
    pub(crate) mesh_networks: Option<PathBuf>,
    /// Feature flags of istiod, as KEY=VALUE lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) istiod_env: Option<PathBuf>,
    /// Lock file; by default `meshc.lock` in the folder that is read, if it is there.
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
    /// Which workloads get a sidecar.
    #[arg(long, value_enum, default_value_t = InjectChoice::Labelled)]
    pub(crate) inject: InjectChoice,
    /// DNS domain of the cluster.
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub(crate) cluster_domain: String,
}

impl InputArgs {
    /// The same input without a lock file that does not exist yet.
    pub(crate) fn without_lock(&self) -> Self {
        Self { lock: None, ..self.clone() }
    }
}

/// Which workloads get a sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InjectChoice {
    /// Those that Istio's namespace and pod labels ask for.
    Labelled,
    /// All that do not opt out.
    All,
}
