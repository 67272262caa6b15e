//! Starts a node in namespaces of its own and takes its report.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

use crate::LiveError;
use crate::node::Assignment;
use crate::report::Report;

/// Beginning of the names of folders of runs.
const FOLDER: &str = "meshc-live.";

/// What is run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Input {
    /// A tree that is compiled first.
    Tree {
        /// The tree.
        mesh: PathBuf,
        /// The compiler.
        meshc: PathBuf,
        /// Values of its option `--target`; none compiles for Envoy.
        targets: Vec<String>,
    },
    /// Folders of manifests as the compiler emits them, and of Secrets.
    Manifests(Vec<PathBuf>),
}

/// What a run needs.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Name of the scenario in the report.
    pub scenario: String,
    /// What to run.
    pub input: Input,
    /// The file with the applications and calls.
    pub traffic: PathBuf,
    /// The Envoy of the proxies.
    pub envoy: PathBuf,
    /// The bundled proxy, where pods run it.
    pub meshc_proxy: Option<PathBuf>,
    /// The binary of this crate.
    pub program: PathBuf,
    /// Folder for all that the run writes (compiled manifests, logs of containers), to look at it afterwards.
    pub keep: Option<PathBuf>,
}

/// Runs a scenario. The report says which calls were not as expected; `tell` is told what goes on.
///
/// # Errors
/// The scenario could not be run: it does not compile, a pod does not become ready, or the machine refuses something.
pub fn run(options: &RunOptions, tell: &mut dyn FnMut(&str)) -> Result<Report, LiveError> {
    let RunOptions { scenario, input, traffic, envoy, meshc_proxy, program, keep } = options;
    let folder = folder()?;
    tell(&format!("{scenario} with {} in {}", envoy.display(), folder.path().display()));
    let absolute = |path: &Path| path.canonicalize().map_err(LiveError::io("find", path));
    let input = match input {
        Input::Tree { mesh, meshc, targets } => {
            Input::Tree { mesh: absolute(mesh)?, meshc: absolute(meshc)?, targets: targets.clone() }
        }
        Input::Manifests(folders) => {
            Input::Manifests(folders.iter().map(|folder| absolute(folder)).collect::<Result<_, _>>()?)
        }
    };
    if let Some(keep) = keep {
        fs::create_dir_all(keep).map_err(LiveError::io("create", keep))?;
    }
    let assignment = Assignment {
        scenario: scenario.clone(),
        input,
        traffic: absolute(traffic)?,
        envoy: absolute(envoy)?,
        meshc_proxy: meshc_proxy.as_deref().map(absolute).transpose()?,
        folder: folder.path().to_owned(),
        keep: keep.as_deref().map(absolute).transpose()?,
    };
    let said = carry_out(&absolute(program)?, &assignment)?;
    let reply: Result<Report, String> = serde_json::from_str(&said).map_err(|error| LiveError::Program {
        program: "the node".to_owned(),
        message: format!("it ended without a report ({error}): {said}"),
    })?;
    reply.map_err(LiveError::Scenario)
}

/// Runs the node. It ends when this process does, because its standard input ends then.
fn carry_out(program: &Path, assignment: &Assignment) -> Result<String, LiveError> {
    let failed = |error: std::io::Error| LiveError::Program {
        program: "unshare".to_owned(),
        message: error.to_string(),
    };
    let mut node = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"])
        .arg(program)
        .arg("node")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut line = serde_json::to_vec(assignment).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    let mut stdin = node.stdin.take();
    if let Some(stdin) = &mut stdin {
        stdin.write_all(&line).map_err(failed)?;
    }
    let mut said = String::new();
    if let Some(stdout) = &mut node.stdout {
        stdout.read_to_string(&mut said).map_err(failed)?;
    }
    drop(stdin);
    node.wait().map_err(failed)?;
    Ok(said)
}

/// An empty folder that only its owner enters. Those of runs that were killed are removed.
fn folder() -> Result<tempfile::TempDir, LiveError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let place = std::env::temp_dir();
    sweep(&place);
    let name = format!("{FOLDER}{}.{}.", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    tempfile::Builder::new()
        .prefix(&name)
        .rand_bytes(4)
        .tempdir_in(&place)
        .map_err(LiveError::io("create a folder in", &place))
}

/// Removes the folders of processes that are gone. They are empty, because what a node writes there is on a file system of its
/// own; a folder that is not is not ours to remove.
fn sweep(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process =
            name.to_str().and_then(|name| name.strip_prefix(FOLDER)?.split('.').next()?.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists()) {
            // Another run may have been faster.
            let _ = fs::remove_dir(entry.path());
        }
    }
}
