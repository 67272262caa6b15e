//! The programs that load configurations.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use meshc_emit::proxy::CONFIG_FILE;

use super::layout::Layout;
use crate::exit::Failure;

/// Name of an Envoy's bootstrap in its folder.
pub(super) const BOOTSTRAP: &str = "bootstrap.json";

/// Whether a folder holds the configuration of a proxy.
pub(super) fn is_of_a_proxy(folder: &Path) -> bool {
    [BOOTSTRAP, CONFIG_FILE].iter().any(|file| folder.join(file).is_file())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Envoy,
    MeshcProxy,
}

/// A program that loads configurations.
#[derive(Debug)]
pub(super) struct Program {
    kind: Kind,
    binary: PathBuf,
    version: String,
}

impl Program {
    /// The programs of the command line.
    pub(super) fn all(envoys: &[PathBuf], proxies: &[PathBuf]) -> Result<Vec<Self>, Failure> {
        let envoys = envoys.iter().map(|binary| (Kind::Envoy, binary));
        let all = envoys.chain(proxies.iter().map(|binary| (Kind::MeshcProxy, binary)));
        all.map(|(kind, binary)| {
            let binary = binary.clone();
            Ok(Self { version: version(kind, &binary)?, kind, binary })
        })
        .collect()
    }

    /// Whether it reads the configuration in a folder.
    pub(super) fn reads(&self, folder: &Path) -> bool {
        folder.join(self.file()).is_file()
    }

    /// Whether it is an Envoy.
    pub(super) fn is_envoy(&self) -> bool {
        self.kind == Kind::Envoy
    }

    /// What it calls its version: `1.36.4`.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Loads a configuration; what the program objects to.
    pub(super) fn load(&self, layout: &Layout) -> Result<Vec<String>, Failure> {
        let mut command = Command::new(&self.binary);
        match self.kind {
            Kind::Envoy => command.args(["--mode", "validate", "--log-level", "critical", "-c"]),
            Kind::MeshcProxy => command.args(["validate", "--config"]),
        };
        let output = command
            .arg(layout.file(self.file()))
            .output()
            .map_err(|error| Failure::io("run", &self.binary, &error))?;
        Ok(self.objections(&output))
    }

    fn file(&self) -> &'static str {
        match self.kind {
            Kind::Envoy => BOOTSTRAP,
            Kind::MeshcProxy => CONFIG_FILE,
        }
    }

    fn objections(&self, output: &Output) -> Vec<String> {
        if output.status.success() {
            return Vec::new();
        }
        let told = String::from_utf8_lossy(&output.stderr);
        let lines = told.lines().filter_map(|line| match self.kind {
            Kind::Envoy => objection(line),
            Kind::MeshcProxy => Some(line).filter(|line| !line.trim().is_empty()),
        });
        let mut objections: Vec<String> = lines.map(str::to_owned).collect();
        if objections.is_empty() {
            objections.push(format!("it ended with {}", output.status));
        }
        objections
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::Envoy => "Envoy",
            Kind::MeshcProxy => "meshc-proxy",
        };
        write!(f, "{name} {}", self.version)
    }
}

/// What a binary calls its version.
fn version(kind: Kind, binary: &Path) -> Result<String, Failure> {
    let output =
        Command::new(binary).arg("--version").output().map_err(|error| Failure::io("run", binary, &error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (version, name) = match kind {
        Kind::Envoy => {
            let version = text.split_once("version: ").and_then(|(_, version)| version.split('/').nth(1));
            (version, "an Envoy")
        }
        Kind::MeshcProxy => (text.trim().strip_prefix("meshc-proxy "), "a meshc-proxy"),
    };
    version.map(str::to_owned).ok_or_else(|| Failure::new(format!("`{}` is not {name}", binary.display())))
}

/// The message of a log line that says why Envoy cannot start. Envoy writes in the format that the bootstrap states (fields
/// between tabs, the level second and the message fourth), or in its own when it cannot read the bootstrap.
fn objection(line: &str) -> Option<&str> {
    if let Some((_, rest)) = line.split_once("[critical]") {
        return rest.splitn(3, "] ").nth(2);
    }
    let mut fields = line.split('\t');
    let level = fields.nth(1)?;
    (level == "critical").then(|| fields.nth(1)).flatten()
}
