//! Runs the compiler and the authority, as a user does.

use std::path::{Path, PathBuf};

use crate::LiveError;
use crate::node::command;

/// Compiles a tree and issues its certificates below a folder; gives the folders of manifests. A file `istiod.env` beside the tree
/// is the compiler's `--istiod-env`.
pub(crate) fn compile(
    mesh_folder: &Path,
    meshc: &Path,
    targets: &[String],
    folder: &Path,
) -> Result<Vec<PathBuf>, LiveError> {
    let meshc = meshc.to_string_lossy();
    let (out, ca, certificates) = (folder.join("out"), folder.join("ca"), folder.join("certificates"));
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let run = |args: &[&str]| command::run(&meshc, args).map(drop);
    let (mesh, out_dir) = (path(mesh_folder), path(&out));
    let mut build = vec!["build", &mesh, "--out-dir", &out_dir, "--emit", "k8s,bootstrap,xds"];
    build.extend(targets.iter().flat_map(|target| ["--target", target.as_str()]));
    let env = mesh_folder.with_file_name("istiod.env");
    let env_file = path(&env);
    if env.is_file() {
        build.extend(["--istiod-env", &env_file]);
    }
    run(&build)?;
    run(&["ca", "init", "--out", &path(&ca), "--plaintext-keys"])?;
    let identities = path(&out.join("identities.yaml"));
    run(&[
        "ca",
        "issue",
        "--identities",
        &identities,
        "--ca",
        &path(&ca),
        "--out",
        &path(&certificates),
        "--plaintext-keys",
    ])?;
    Ok(vec![out.join("k8s"), certificates])
}
