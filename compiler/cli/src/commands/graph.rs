//! `meshc graph`: draw the mesh.

use clap::Args;
use meshc_model::graph;

use crate::args::{Format, Global, InputArgs};
use crate::driver;
use crate::exit::{Failure, Outcome};
use crate::report::{self, Found};

/// Arguments of `meshc graph`.
#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    #[command(flatten)]
    input: InputArgs,
}

/// Runs `meshc graph`: the picture goes to stdout, findings to stderr.
pub(crate) fn run(args: &GraphArgs, global: &Global) -> Result<Outcome, Failure> {
    let format = global.format(&[Format::Tree, Format::Mermaid, Format::Dot, Format::Json])?;
    let resolved = driver::resolve(&args.input)?;
    let graph = &resolved.mesh.graph;
    report::stdout(&match format {
        Format::Mermaid => graph::mermaid(graph),
        Format::Dot => graph::dot(graph),
        Format::Json => graph::json(graph),
        Format::Tree | Format::Human | Format::Concise => graph::tree(graph),
    });
    let found =
        Found { diagnostics: resolved.diagnostics, files: &resolved.files, resources: resolved.objects };
    Ok(report::finish(found, Format::Human, global))
}
