//! Runs the agent.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;

use crate::server::{ADMIN, Server};

/// Where the agent keeps its state in tests that do not say otherwise.
pub(crate) const STATE: &str = "default";

/// An agent to run.
pub(crate) struct Agent {
    kubeconfig: PathBuf,
    namespace: String,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The run did what was asked.
    #[track_caller]
    pub(crate) fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The run ended with this exit code.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl Agent {
    pub(crate) fn of(server: &Server) -> Self {
        Self { kubeconfig: server.kubeconfig(ADMIN), namespace: STATE.to_owned() }
    }

    pub(crate) fn with(server: &Server, token: &str, namespace: &str) -> Self {
        Self { kubeconfig: server.kubeconfig(token), namespace: namespace.to_owned() }
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, command: &str, source: S, more: &[&str]) -> Command {
        let mut process = Command::new(env!("CARGO_BIN_EXE_meshc-agent"));
        process.arg(command).arg(source).arg("--kubeconfig").arg(&self.kubeconfig);
        process.args(["--namespace", &self.namespace, "--wait-timeout", "60s"]).args(more);
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        process
    }

    pub(crate) fn push<S: AsRef<OsStr>>(&self, source: S, more: &[&str]) -> Ended {
        end(self.command("push", source, more))
    }

    pub(crate) fn diff<S: AsRef<OsStr>>(&self, source: S, more: &[&str]) -> Ended {
        end(self.command("diff", source, more))
    }

    pub(crate) fn start<S: AsRef<OsStr>>(&self, command: &str, source: S, more: &[&str]) -> Running {
        let mut child = self.command(command, source, more).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        Running { child, lines }
    }
}

/// What a command says of its options.
pub(crate) fn help(command: &str) -> Command {
    let mut process = Command::new(env!("CARGO_BIN_EXE_meshc-agent"));
    process.args([command, "--help"]);
    process
}

pub(crate) fn end(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An agent that runs; it is killed when a test lets it go.
pub(crate) struct Running {
    child: Child,
    lines: BufReader<ChildStderr>,
}

impl Running {
    /// The next log line; none at the end.
    pub(crate) fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if let Ok(value) = serde_json::from_str::<Value>(&line) {
                return Some(value);
            }
            line.clear();
        }
        None
    }

    /// The next log line of a step.
    #[track_caller]
    pub(crate) fn step(&mut self, step: &str) -> Value {
        loop {
            let line = self.line().unwrap_or_else(|| panic!("the agent ended before `{step}`"));
            if line["step"] == step {
                return line;
            }
        }
    }

    /// Kills it as the kernel would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and returns the exit code.
    pub(crate) fn terminate(self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.wait()
    }

    /// Waits for its end, and returns the exit code.
    pub(crate) fn wait(mut self) -> Option<i32> {
        let mut rest = Vec::new();
        self.lines.read_to_end(&mut rest).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
