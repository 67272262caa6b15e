//! Why a run could not be carried out; a call that goes otherwise than expected is no error but a verdict.

use std::path::{Path, PathBuf};

/// What stopped the harness.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file says something that the harness does not understand.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A program ended with an error or could not be started.
    #[error("{program}: {message}")]
    Program {
        /// The program with its arguments.
        program: String,
        /// What it said, or why it did not start.
        message: String,
    },
    /// The scenario and the emitted manifests do not fit together.
    #[error("{0}")]
    Scenario(String),
    /// A condition did not come true in time.
    #[error("waited {seconds} s in vain: {what}")]
    Deadline {
        /// How long.
        seconds: u64,
        /// For what, with what was seen last.
        what: String,
    },
}

impl LiveError {
    /// An I/O error of a path.
    pub(crate) fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// A file whose content is refused.
    pub(crate) fn invalid(path: &Path, message: impl std::fmt::Display) -> Self {
        Self::Invalid { path: path.to_owned(), message: message.to_string() }
    }
}
