//! Exit codes, the same for every command and output format.

use std::process::ExitCode;

/// How a command ended, when it could do its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to act on: exit 0.
    Clean,
    /// There is something to act on, for example inputs that do not compile: exit 1.
    Findings,
    /// No inputs, or the compiled set is empty: exit 3.
    NoInputs,
}

/// Why a command could not do its job (usage, configuration, input or output): exit 2.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    message: String,
}

impl Failure {
    /// A failure with a message that says what to do.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// A failure of an operation on a path.
    pub(crate) fn io(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(format!("cannot {action} `{}`: {error}", path.display()))
    }
}

/// Turns the outcome of a command into the exit code of the process; a failure is told on stderr.
pub(crate) fn code(outcome: Result<Outcome, Failure>) -> ExitCode {
    match outcome {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Ok(Outcome::NoInputs) => ExitCode::from(3),
        Err(failure) => {
            crate::report::error(&failure.to_string());
            ExitCode::from(2)
        }
    }
}
