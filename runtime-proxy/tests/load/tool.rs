//! Programs that are installed beside Rust.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

static MACHINE: Mutex<()> = Mutex::new(());

/// Waits until no other test of this program loads the machine: answers in time are part of what is tested.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    // A test that failed has left nothing behind.
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

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
