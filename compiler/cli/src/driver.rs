//! The passes in order, on one screen.

use std::fs;
use std::path::Path;

use meshc_api::{IstiodFeatures, ResourceSet, mesh_config};
use meshc_diagnostics::Diagnostics;
use meshc_model::{Inject, Mesh, Options};
use meshc_plan::Plan;
use meshc_source::{InputFile, SourceSet};

use crate::args::{InjectChoice, InputArgs};
use crate::exit::Failure;

/// What a run of the front half leaves.
pub(crate) struct Compiled {
    /// The files and documents.
    pub(crate) sources: SourceSet,
    /// Typed resources.
    pub(crate) resources: ResourceSet,
    /// The mesh.
    pub(crate) mesh: Mesh,
    /// Findings so far.
    pub(crate) diagnostics: Diagnostics,
}

/// Reads and resolves the input.
pub(crate) fn resolve(args: &InputArgs) -> Result<Compiled, Failure> {
    let mut diagnostics = Diagnostics::new();
    let mut files = meshc_source::read_paths(&args.paths, &mut diagnostics);
    let settings = Settings::read(args, &mut files)?;
    let sources = meshc_source::load(files, &mut diagnostics);
    Ok(finish(sources, settings, args, diagnostics))
}

/// Lowers a resolved mesh.
pub(crate) fn lower(compiled: &mut Compiled) -> Plan {
    meshc_lower::lower(&compiled.mesh, &mut compiled.diagnostics)
}
