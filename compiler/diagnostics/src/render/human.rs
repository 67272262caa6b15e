//! Findings for people.

use std::fmt::Write as _;

use super::frame::{Frame, Look, Mark, frames};
use super::{docs_url, level, printable};
use crate::{Diagnostic, Label, Severity, Sources, Span};

/// Findings with the lines that they are about, the other ends of references, what follows and what to do.
///
/// `width` is that of the terminal, in characters; only lines of the source are cut to it. Colour repeats what words
/// and places already say.
#[must_use]
pub fn human(findings: &[Diagnostic], sources: &dyn Sources, color: bool, width: usize) -> String {
    let mut out = String::new();
    for finding in findings {
        one(&mut out, finding, sources, color, width);
        out.push('\n');
    }
    out
}

fn one(out: &mut String, finding: &Diagnostic, sources: &dyn Sources, color: bool, width: usize) {
    let Diagnostic {
        code,
        severity,
        message,
        primary,
        related,
        consequence,
        help,
        object,
        path,
        contained: _,
    } = finding;
    let paint = Paint { color };
    let title = format!("{}[{}]", level(*severity), code.name);
    let message = printable(message);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}{}", paint.severity(*severity, &title), paint.bold(&format!(": {message}")));

    let primary_mark = primary.iter().map(|label| mark(label, true));
    let marks: Vec<_> = primary_mark.chain(related.iter().map(|label| mark(label, false))).collect();
    let look = Look { color, width: width.saturating_sub(10).max(40), severity: *severity };
    let frames = frames(&marks, sources, look);
    let gutter = frames.iter().map(|frame| frame.number_width).max().unwrap_or(1);
    for (index, frame) in frames.iter().enumerate() {
        let arrow = if index == 0 && primary.is_some() { "-->" } else { ":::" };
        draw(out, frame, gutter, &paint.faint(arrow), sources);
    }

    let mut footer = |name: &str, text: &str| {
        let mut lines = text.lines().map(printable);
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(out, " {:gutter$} {} {}: {first}", "", paint.faint("="), paint.bold(name));
        for line in lines {
            let _ = writeln!(out, " {:gutter$}   {:indent$}  {line}", "", "", indent = name.len());
        }
    };
    if let Some(object) = object {
        let path = path.as_deref().map_or(String::new(), |path| format!(", {path}"));
        footer("in", &format!("{object}{path}"));
    }
    if let Some(consequence) = consequence {
        footer("note", consequence);
    }
    if let Some(help) = help {
        footer("help", help);
    }
    let istio = code.istio.map_or(String::new(), |istio| format!(", Istio {istio}"));
    footer("docs", &format!("{} ({code}{istio})", docs_url(code)));
}

fn mark(label: &Label, primary: bool) -> Mark<'_> {
    Mark { span: label.span, text: &label.message, primary }
}

fn draw(out: &mut String, frame: &Frame, gutter: usize, arrow: &str, sources: &dyn Sources) {
    let Frame { span, number_width, lines } = frame;
    let _ = writeln!(out, " {:gutter$}{arrow} {}", "", place(*span, sources));
    for line in lines {
        let _ = writeln!(out, "{:indent$}{line}", "", indent = gutter - number_width);
    }
}

fn place(span: Span, sources: &dyn Sources) -> String {
    let path = printable(sources.path(span.file));
    if sources.text(span.file).is_empty() {
        return path;
    }
    let position = sources.position(span.file, span.start);
    format!("{path}:{}:{}", position.line, position.column)
}

/// Terminal colours, or none.
#[derive(Debug, Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn severity(self, severity: Severity, text: &str) -> String {
        self.with(
            match severity {
                Severity::Error => "1;31",
                Severity::Warning => "1;33",
                Severity::Info => "1;36",
            },
            text,
        )
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
