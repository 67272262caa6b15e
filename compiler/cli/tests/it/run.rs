//! One run of the binary.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a run left.
#[derive(Debug)]
pub(crate) struct Run {
    /// Exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary in a folder, with no setting of the machine that could reach what it says.
pub(crate) fn meshc(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
    command.current_dir(folder).stdin(Stdio::null());
    for variable in ["NO_COLOR", "MESHC_OUTPUT", "RAYON_NUM_THREADS"] {
        command.env_remove(variable);
    }
    command
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs a command that reads `input`.
pub(crate) fn finish_with_input(command: &mut Command, input: &[u8]) -> Run {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that ends without reading all of it is fine.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Run {
    /// Findings of a run with `-o concise`, up to the closing bracket: `mesh/a.yaml:7:10: error[invalid-value]`.
    pub(crate) fn findings(&self) -> Vec<&str> {
        self.stderr.lines().filter_map(|line| Some(&line[..=line.find("] ")?])).collect()
    }
}
