//! Findings for programs.

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::{docs_url, level};
use crate::{Diagnostic, Label, Position, Severity, Sources, Span};

/// Version of the format. Fields may be added within a version, never changed or removed.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    tool: Tool,
    summary: Summary,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary {
    error: usize,
    warning: usize,
    info: usize,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'static str,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    istio: Option<&'static str>,
    level: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
    related: Vec<Related<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    fingerprint: String,
    url: String,
}

#[derive(Serialize)]
struct Resource<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    file: &'a str,
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
}

/// The findings as one JSON object, format version 1, with a line break at its end.
///
/// Lines and columns count from one, columns in Unicode scalar values; `end` is exclusive.
#[must_use]
pub fn json(findings: &[Diagnostic], sources: &dyn Sources) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let report = Report {
        version: VERSION,
        tool: Tool { name: "meshc", version: env!("CARGO_PKG_VERSION") },
        summary: Summary {
            error: count(Severity::Error),
            warning: count(Severity::Warning),
            info: count(Severity::Info),
        },
        findings: findings
            .iter()
            .zip(fingerprints(findings, sources))
            .map(|(finding, fingerprint)| convert(finding, fingerprint, sources))
            .collect(),
    };
    // Strings, numbers and lists always serialise.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

fn convert<'a>(finding: &'a Diagnostic, fingerprint: String, sources: &'a dyn Sources) -> Finding<'a> {
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
    Finding {
        rule: code.name,
        code: code.to_string(),
        istio: code.istio,
        level: level(*severity),
        message,
        resource: object.as_ref().map(|object| Resource {
            group: &object.group,
            kind: &object.kind,
            namespace: &object.namespace,
            name: &object.name,
            path: path.as_deref(),
        }),
        location: primary.as_ref().map(|label| location(label.span, sources)),
        label: primary.as_ref().map_or("", |label| &label.message),
        related: related
            .iter()
            .map(|Label { span, message }| Related { message, location: location(*span, sources) })
            .collect(),
        consequence: consequence.as_deref(),
        help: help.as_deref(),
        fingerprint,
        url: docs_url(code),
    }
}

fn location(span: Span, sources: &dyn Sources) -> Location<'_> {
    let place = |byte| {
        let Position { line, column } = sources.position(span.file, byte);
        Place { line, column }
    };
    Location { file: sources.path(span.file), start: place(span.start), end: place(span.end) }
}
