//! Whether this machine can run the tests, and what they run.

use std::path::{Path, PathBuf};
use std::process::Command;

use meshc_live::{Requirements, envoy_binary};

/// The oldest and the newest Envoy that meshc supports.
pub(crate) const ENVOYS: [&str; 2] = ["1.36.4", "1.40.0"];

/// The program of this crate.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_meshc-live"))
}

/// The Envoy of a version, or nothing on a machine that cannot run the harness, after saying so. With `CI` set, that is
/// an error.
pub(crate) fn envoy(version: &str) -> Option<PathBuf> {
    let found = match Requirements::check() {
        Requirements::Met => envoy_binary(version),
        Requirements::Missing(reason) => Err(reason),
    };
    match found {
        Ok(binary) => Some(binary),
        Err(reason) => {
            assert!(std::env::var_os("CI").is_none(), "CI must run the live tests: {reason}");
            println!("skipped: {reason}");
            None
        }
    }
}

/// The compiler: `MESHC_BIN`, else that of the profile of this test, which cargo brings up to date.
pub(crate) fn meshc() -> PathBuf {
    binary("meshc", "MESHC_BIN")
}

/// The bundled proxy: `MESHC_PROXY_BIN`, else likewise.
pub(crate) fn meshc_proxy() -> PathBuf {
    binary("meshc-proxy", "MESHC_PROXY_BIN")
}

fn binary(name: &str, variable: &str) -> PathBuf {
    if let Some(binary) = std::env::var_os(variable) {
        return PathBuf::from(binary);
    }
    let program = program();
    let folder = program.parent().expect("a program is in a folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "-p", name, "--bin", name]).current_dir(root());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.status().expect("cargo runs");
    assert!(status.success(), "{name} does not build");
    folder.join(name)
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
