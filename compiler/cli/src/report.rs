//! What people and programs get to read: findings on stderr (JSON on stdout), failures and notes on stderr.

use std::io::{IsTerminal as _, Write as _};

use meshc_diagnostics::{Diagnostic, render};
use meshc_source::SourceMap;

use crate::args::{Color, Format, Global};

/// Writes findings in the format that was asked for.
pub(crate) fn findings(findings: &[Diagnostic], sources: &SourceMap, resources: usize, global: &Global) {
    if global.quiet > 1 {
        return;
    }
    match global.output {
        Format::Json => stdout(&render::json(findings, sources)),
        Format::Concise => stderr(&render::concise(findings, sources)),
        Format::Human => {
            stderr(&render::human(findings, sources, colored(global.color)));
            if global.quiet == 0 {
                stderr(&render::summary(findings, sources.len(), resources));
            }
        }
    }
}

/// Tells a failure of the command.
pub(crate) fn error(message: &str) {
    stderr(&format!("error: {message}\n"));
}

/// Tells what a command did, unless the caller asked for silence.
pub(crate) fn note(message: &str, global: &Global) {
    if global.quiet == 0 && global.output != Format::Json {
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
