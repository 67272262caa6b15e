//! What a machine must offer, and whether it does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whether the harness can run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirements {
    /// It can.
    Met,
    /// It cannot, with the reason and what to do.
    Missing(String),
}

impl Requirements {
    /// Looks at the machine: namespaces, network tools.
    #[must_use]
    pub fn check() -> Self {
        for (program, package) in
            [("unshare", "util-linux"), ("ip", "iproute2"), ("iptables-restore", "iptables")]
        {
            let found =
                Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if found.is_err() {
                return Self::Missing(format!(
                    "there is no `{program}`: install the package {package} (ci/setup does)"
                ));
            }
        }
        let namespaces = Command::new("unshare")
            .args(["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--", "true"])
            .stdin(Stdio::null())
            .output();
        match namespaces {
            Ok(output) if output.status.success() => Self::Met,
            Ok(output) => Self::Missing(format!(
                "namespaces cannot be made without privileges ({}): run as root",
                String::from_utf8_lossy(&output.stderr).trim_end()
            )),
            Err(error) => Self::Missing(format!("unshare: {error}")),
        }
    }
}

/// The binary of an Envoy version, where `ci/setup` puts it: in `MESHC_ENVOY_DIR`, else in the user's cache.
///
/// # Errors
/// It is not there; the text says where it was looked for.
pub fn envoy_binary(version: &str) -> Result<PathBuf, String> {
    let stated = std::env::var_os("MESHC_ENVOY_DIR").map(PathBuf::from);
    let cache = || {
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or(home)
            .map(|cache| cache.join("meshc").join("envoy"))
    };
    let folder = stated.or_else(cache).ok_or("neither MESHC_ENVOY_DIR nor HOME is set")?;
    let binary = folder.join(format!("envoy-{version}")).join("bin").join("envoy");
    if binary.is_file() {
        Ok(binary)
    } else {
        Err(format!("there is no Envoy {version} at {}: run ci/setup", binary.display()))
    }
}
