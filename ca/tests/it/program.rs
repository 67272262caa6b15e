//! Programs that judge our files.

use std::path::Path;
use std::process::{Command, Output};

/// Runs a program, or tells why the test is skipped on a machine without it. `required` names the environment variable
/// whose presence makes the program a must; `CI` always does.
pub(crate) fn run(
    program: &str,
    args: &[&str],
    dir: &Path,
    envs: &[(&str, &Path)],
    required: &str,
) -> Option<Output> {
    match Command::new(program).args(args).current_dir(dir).envs(envs.iter().copied()).output() {
        Ok(output) => Some(output),
        Err(error) if [required, "CI"].iter().all(|name| std::env::var_os(name).is_none()) => {
            println!("skipped: `{program}` cannot be run ({error}); ci/test installs it");
            None
        }
        Err(error) => panic!("{required} or CI is set, so `{program}` must run: {error}"),
    }
}

/// The standard output of a program that succeeded.
pub(crate) fn stdout(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
