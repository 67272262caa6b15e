//! Programs of the system, run to their end.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::mount::{MountFlags, mount};

use crate::LiveError;

/// Runs a program and gives what it printed.
pub(crate) fn run(program: &str, args: &[&str]) -> Result<String, LiveError> {
    let output = prepare(program, args).stdin(Stdio::null()).output();
    finish(program, args, output)
}

/// Runs a program that reads its standard input.
pub(crate) fn with_input(program: &str, args: &[&str], input: &str) -> Result<String, LiveError> {
    let spawned = prepare(program, args).stdin(Stdio::piped()).spawn();
    let output = spawned.and_then(|mut child| {
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        child.wait_with_output()
    });
    finish(program, args, output)
}

/// Mounts an empty file system, so that what is written there ends with the namespace.
pub(crate) fn mount_tmpfs(folder: &Path) -> Result<(), LiveError> {
    mount("tmpfs", folder, "tmpfs", MountFlags::empty(), Some(c"mode=755"))
        .map_err(|error| LiveError::io("mount a tmpfs on", folder)(error.into()))
}

fn prepare(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn finish(program: &str, args: &[&str], output: std::io::Result<Output>) -> Result<String, LiveError> {
    let failed =
        |message: String| LiveError::Program { program: format!("{program} {}", args.join(" ")), message };
    let output = output.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(failed(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end())))
}
