//! What people and programs get to read: findings on stderr (JSON on stdout), failures and notes on stderr.

use std::io::IsTerminal as _;

use meshc_diagnostics::{Diagnostics, render};
use meshc_source::SourceMap;

use crate::args::{Color, Format, Global};
use crate::exit::Outcome;

/// Widest that prose is wrapped to, so that a line can be read at a glance.
const WIDTH: usize = 100;

/// Writes findings in the format that was asked for and says how the command ended by them.
pub(crate) fn finish(found: Found<'_>, format: Format, global: &Global) -> Outcome {
    let Found { diagnostics, files, resources } = found;
    let outcome = if diagnostics.has_errors() { Outcome::Findings } else { Outcome::Clean };
    let findings = diagnostics.into_sorted();
    if global.quiet > 1 {
        return outcome;
    }
    match format {
        Format::Json => stdout(&render::json(&findings, files)),
        Format::Concise => stderr(&render::concise(&findings, files)),
        Format::Human | Format::Tree | Format::Mermaid | Format::Dot => {
            stderr(&render::human(&findings, files, colored(global.color), WIDTH))
        }
    }
    if format != Format::Json && global.quiet == 0 {
        stderr(&render::summary(&findings, files.len(), resources));
    }
    outcome
}

/// What a command found.
pub(crate) struct Found<'f> {
    /// The findings.
    pub(crate) diagnostics: Diagnostics,
    /// The files that they point into.
    pub(crate) files: &'f SourceMap,
    /// How many objects were read.
    pub(crate) resources: usize,
}

/// Tells a failure of the command.
pub(crate) fn error(message: &str) {
    stderr(&format!("error: {message}\n"));
}

/// Tells what a command did, unless the caller asked for silence.
pub(crate) fn note(message: &str, global: &Global) {
    if global.quiet == 0 {
        stderr(&format!("{message}\n"));
    }
}

/// Writes data that was asked for.
pub(crate) fn stdout(text: &str) {
    write(&mut std::io::stdout().lock(), text);
}

fn stderr(text: &str) {
    write(&mut std::io::stderr().lock(), text);
}

/// A closed pipe (`meshc graph | head`) is not an error of ours, so failures to write are let go.
fn write(stream: &mut impl std::io::Write, text: &str) {
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    }
}
