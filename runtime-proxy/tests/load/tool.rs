//! Programs that are installed beside Rust.

use std::path::PathBuf;

/// Where a program is: the variable that `ci/test` sets, else `PATH`. Without it the test is skipped and says so, except in CI,
/// where it must run.
pub(crate) fn find(variable: &str, program: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = named.or_else(|| {
        std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file())
    });
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{program} must be installed in CI: ci/setup does it");
        eprintln!("skipped: {program} is not installed (ci/setup does it)");
    }
    found
}
