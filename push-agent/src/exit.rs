//! Exit codes, the same for every command: those of `meshc`.

use std::io::Write as _;
use std::process::ExitCode;

use crate::error::Error;

/// How a command ended, when it could do its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to act on: exit 0.
    Clean,
    /// There is something to act on, for example differences: exit 1.
    Findings,
    /// A signal ended the command: exit 128 and the number of the signal.
    Signalled(u8),
}

/// Turns the outcome of a command into the exit code of the process; a failure is told on stderr.
pub(crate) fn code(outcome: Result<Outcome, Error>) -> ExitCode {
    let error = match outcome {
        Ok(Outcome::Clean) => return ExitCode::SUCCESS,
        Ok(Outcome::Findings) => return ExitCode::from(1),
        Ok(Outcome::Signalled(signal)) => return ExitCode::from(128 + signal),
        Err(error) => error,
    };
    // Nobody is left to be told when stderr is closed.
    let _ = writeln!(std::io::stderr().lock(), "error: {error}");
    ExitCode::from(match error {
        Error::Refused(_) | Error::Conflicts(_) | Error::RolledBack(_) => 1,
        Error::Failed(_) | Error::Unreachable(_) => 2,
        Error::Empty(_) => 3,
    })
}
