//! The passes in order, on one screen.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use meshc_api::mesh_config::{self, MeshFiles};
use meshc_api::{IstiodFeatures, Lock, ResourceSet};
use meshc_diagnostics::{Diagnostics, FileId, Sources as _};
use meshc_model::{Inject, Mesh, Options};
use meshc_source::{Document, InputFile, SourceMap, disk, parse_file};
use rayon::prelude::*;

use crate::args::{InjectChoice, InputArgs};
use crate::exit::Failure;
use crate::lock_file;

/// What the front half of the compiler leaves.
pub(crate) struct Resolved {
    /// The input files.
    pub(crate) files: SourceMap,
    /// How many objects were read.
    pub(crate) objects: usize,
    /// Typed resources.
    pub(crate) resources: ResourceSet,
    /// The mesh.
    pub(crate) mesh: Mesh,
    /// Findings so far.
    pub(crate) diagnostics: Diagnostics,
}

/// Reads the input and resolves every name of it.
pub(crate) fn resolve(args: &InputArgs) -> Result<Resolved, Failure> {
    let mut diagnostics = Diagnostics::new();
    let (inputs, named) = inputs(args)?;
    let (files, readable) = meshc_source::open(inputs, &mut diagnostics);
    let settings = Settings::parse(&named, &files, &mut diagnostics);
    let tree: Vec<FileId> = readable.into_iter().filter(|file| !settings.files.contains(file)).collect();
    let documents = parse(&files, &tree, &mut diagnostics);
    let resources = meshc_api::decode(&documents, &mut diagnostics);
    meshc_api::report_unsupported(&resources, &mut diagnostics);
    let mesh_files = MeshFiles { mesh: settings.mesh.as_ref(), networks: settings.networks.as_ref() };
    let config = mesh_config::read(&resources, mesh_files, &mut diagnostics);
    let options = options(args, settings.lock);
    let mesh = meshc_model::resolve(&resources, config, settings.features, options, &mut diagnostics);
    Ok(Resolved { files, objects: documents.len(), resources, mesh, diagnostics })
}

/// Parses files on all threads; documents and findings stay in the order of files.
fn parse(files: &SourceMap, tree: &[FileId], diagnostics: &mut Diagnostics) -> Vec<Arc<Document>> {
    let parsed: Vec<(Vec<Document>, Diagnostics)> = tree
        .par_iter()
        .filter_map(|file| {
            let mut findings = Diagnostics::new();
            let text = files.shared_text(*file)?;
            Some((parse_file(*file, text, &mut findings), findings))
        })
        .collect();
    let mut documents = Vec::new();
    for (of_file, findings) in parsed {
        documents.extend(of_file.into_iter().map(Arc::new));
        diagnostics.append(findings);
    }
    documents
}

/// The files of the tree and those that options name.
fn inputs(args: &InputArgs) -> Result<(Vec<InputFile>, Named), Failure> {
    let mut inputs = read(&args.paths)?;
    let mut option =
        |path: &Option<PathBuf>| path.as_deref().map(|path| named(path, &mut inputs)).transpose();
    let named = Named {
        mesh: option(&args.mesh_config)?,
        networks: option(&args.mesh_networks)?,
        env: option(&args.istiod_env)?,
        lock: option(&lock_file::present(args)?)?,
    };
    Ok((inputs, named))
}

fn read(paths: &[PathBuf]) -> Result<Vec<InputFile>, Failure> {
    disk::read_paths(paths, &mut io::stdin().lock()).map_err(|error| Failure::new(error.to_string()))
}

/// Adds the file that an option names, and says how it is called among the inputs.
fn named(path: &Path, inputs: &mut Vec<InputFile>) -> Result<String, Failure> {
    let not_a_file = || Failure::new(format!("`{}` is not a file, as the option needs", path.display()));
    if path.as_os_str() == "-" || path.is_dir() {
        return Err(not_a_file());
    }
    let file = read(&[path.to_owned()])?.pop().ok_or_else(not_a_file)?;
    let name = file.path.clone();
    if inputs.iter().all(|input| input.path != name) {
        inputs.push(file);
    }
    Ok(name)
}

/// Files that options name, as they are called among the inputs.
struct Named {
    mesh: Option<String>,
    networks: Option<String>,
    env: Option<String>,
    lock: Option<String>,
}

/// What the files say that options name.
struct Settings {
    files: Vec<FileId>,
    mesh: Option<Document>,
    networks: Option<Document>,
    features: IstiodFeatures,
    lock: Lock,
}

impl Settings {
    fn parse(named: &Named, files: &SourceMap, diagnostics: &mut Diagnostics) -> Self {
        let find = |name: &Option<String>| {
            let name = name.as_deref()?;
            files.ids().find(|file| files.path(*file) == name)
        };
        let (mesh, networks, env) = (find(&named.mesh), find(&named.networks), find(&named.env));
        let lock_file = find(&named.lock);
        let mut document = |file: Option<FileId>| {
            let file = file?;
            parse_file(file, files.shared_text(file)?, diagnostics).into_iter().next()
        };
        let (mesh_document, networks_document) = (document(mesh), document(networks));
        let features = match env {
            Some(file) => IstiodFeatures::read(files.text(file), file, diagnostics),
            None => IstiodFeatures::default(),
        };
        let lock = match lock_file.and_then(|file| Some((file, files.shared_text(file)?))) {
            Some((file, text)) => Lock::read(file, text, diagnostics),
            None => Lock::default(),
        };
        Self {
            files: [mesh, networks, env, lock_file].into_iter().flatten().collect(),
            mesh: mesh_document,
            networks: networks_document,
            features,
            lock,
        }
    }
}

fn options(args: &InputArgs, lock: Lock) -> Options {
    let inject = match args.inject {
        InjectChoice::Labelled => Inject::Labelled,
        InjectChoice::All => Inject::All,
    };
    Options { domain: args.cluster_domain.clone(), inject, lock, ..Options::default() }
}
