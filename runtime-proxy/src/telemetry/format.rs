//! Formats: texts with Envoy's `%OPERATORS%` in them.

use std::fmt::Write as _;

use ::http::HeaderName;

use super::Record;
use super::operator::{Operator, Said};

/// A text with operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Operator { operator: Operator, longest: Option<usize> },
}

impl Format {
    /// Reads a format.
    ///
    /// # Errors
    /// If an operator is not known or not closed, as a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            literal.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix('%') {
                literal.push('%');
                rest = behind;
                continue;
            }
            let (part, behind) = operator(rest)?;
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(part);
            rest = behind;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The text, if there is no operator in it.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Headers of the request that it looks at.
    pub(crate) fn request_headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.operators().flat_map(Operator::request_headers)
    }

    /// Headers of the response that it looks at.
    pub(crate) fn response_headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.operators().flat_map(Operator::response_headers)
    }

    /// Writes what it says of a record. What is not known is `-`.
    pub(crate) fn write(&self, record: &Record, out: &mut String) {
        self.write_or(record, "-", out);
    }

    /// Writes the value of a header: what is not known is empty.
    pub(crate) fn header_value(&self, record: &Record) -> String {
        let mut out = String::new();
        self.write_or(record, "", &mut out);
        out
    }

    fn write_or(&self, record: &Record, missing: &str, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Operator { operator, longest } => match operator.of(record) {
                    Said::Nothing => out.push_str(missing),
                    Said::Text(text) => out.push_str(cut(&text, *longest)),
                    Said::Number(number) => {
                        let _ = write!(out, "{number}");
                    }
                },
            }
        }
    }

    /// What it says as a JSON value: a number or `null` where it is one operator, else a text.
    pub(super) fn json(&self, record: &Record) -> serde_json::Value {
        if let [Part::Operator { operator, longest }] = self.parts.as_slice() {
            return match operator.of(record) {
                Said::Nothing => serde_json::Value::Null,
                Said::Text(text) => cut(&text, *longest).into(),
                Said::Number(number) => number.into(),
            };
        }
        let mut out = String::new();
        self.write(record, &mut out);
        out.into()
    }

    fn operators(&self) -> impl Iterator<Item = &Operator> {
        self.parts.iter().filter_map(|part| match part {
            Part::Operator { operator, longest: _ } => Some(operator),
            Part::Text(_) => None,
        })
    }
}

/// At most so many bytes of a text, on a character boundary.
fn cut(text: &str, longest: Option<usize>) -> &str {
    match longest {
        Some(longest) if longest < text.len() => {
            let end = (0..=longest).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            &text[..end]
        }
        _ => text,
    }
}

/// Reads `NAME%`, `NAME(ARGUMENT)%` or `NAME(ARGUMENT):LENGTH%`, and returns what stands behind it.
fn operator(text: &str) -> Result<(Part, &str), String> {
    let unclosed = || format!("`%{text}` has no closing per cent sign");
    let end = text.find(['(', '%', ':']).ok_or_else(unclosed)?;
    let name = &text[..end];
    let mut behind = &text[end..];
    let mut argument = None;
    if let Some(inside) = behind.strip_prefix('(') {
        let close = inside.find(')').ok_or_else(unclosed)?;
        argument = Some(&inside[..close]);
        behind = &inside[close + 1..];
    }
    let mut longest = None;
    if let Some(length) = behind.strip_prefix(':') {
        let close = length.find('%').ok_or_else(unclosed)?;
        let number = length[..close].parse().map_err(|_| format!("`{}` is no length", &length[..close]))?;
        longest = Some(number);
        behind = &length[close..];
    }
    let behind = behind.strip_prefix('%').ok_or_else(unclosed)?;
    Ok((Part::Operator { operator: Operator::parse(name, argument)?, longest }, behind))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, UNIX_EPOCH};

    use ::http::{HeaderMap, HeaderValue, Method};

    use super::*;
    use crate::telemetry::{Flags, HttpRecord};

    fn record() -> Record {
        let mut request = HeaderMap::new();
        request.insert("user-agent", HeaderValue::from_static("curl/8"));
        request.insert("x-envoy-original-path", HeaderValue::from_static("/old?q=1"));
        Record {
            started: UNIX_EPOCH,
            duration: Duration::from_millis(12),
            protocol: "HTTP/1.1",
            response_code: 503,
            flags: Flags::UPSTREAM_CONNECTION_FAILURE | Flags::RETRY_LIMIT,
            route: Some(Arc::from("default")),
            downstream_remote: Some("10.0.0.1:5000".parse().unwrap()),
            http: Some(Box::new(HttpRecord {
                method: Method::GET,
                path: "/new".to_owned(),
                authority: "a.example".to_owned(),
                grpc_status: Some(14),
                request,
                ..HttpRecord::default()
            })),
            ..Record::starting()
        }
    }

    fn said(format: &str) -> String {
        let mut out = String::new();
        Format::parse(format).unwrap().write(&record(), &mut out);
        out
    }

    #[test]
    fn operators_say_what_envoy_says() {
        for (format, text) in [
            ("[%START_TIME%] \"%REQ(:METHOD)%\"", "[1970-01-01T00:00:00.000Z] \"GET\""),
            ("%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %REQ(x-missing?:path)%", "/old?q=1 /new"),
            ("%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%", "/old"),
            ("%RESPONSE_CODE% %RESPONSE_FLAGS% %DURATION%", "503 UF,URX 12"),
            (
                "%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
                "10.0.0.1:5000 10.0.0.1",
            ),
            ("%DOWNSTREAM_REMOTE_PORT%", "5000"),
            ("%GRPC_STATUS% %GRPC_STATUS(SNAKE_STRING)% %GRPC_STATUS_NUMBER%", "Unavailable UNAVAILABLE 14"),
            ("%REQ(user-agent):4% 100%%", "curl 100%"),
            ("%UPSTREAM_HOST% %ROUTE_NAME% %PROTOCOL%", "- default HTTP/1.1"),
        ] {
            assert_eq!(said(format), text);
        }
    }

    #[test]
    fn a_pattern_of_time_has_per_cent_signs_of_its_own() {
        assert_eq!(said("%START_TIME(%Y/%m/%d %H)% x"), "1970/01/01 00 x");
    }

    #[test]
    fn an_operator_that_is_not_known_is_refused() {
        for format in ["%NOTHING%", "%REQ(a b)%", "%REQ(a)", "%GRPC_STATUS(x)%", "%REQ(a):x%", "%"] {
            assert!(Format::parse(format).is_err(), "{format}");
        }
    }

    #[test]
    fn a_single_operator_keeps_its_type_in_json() {
        let json = |format: &str| Format::parse(format).unwrap().json(&record());
        assert_eq!(json("%RESPONSE_CODE%"), serde_json::json!(503));
        assert_eq!(json("%UPSTREAM_HOST%"), serde_json::Value::Null);
        assert_eq!(json("%UPSTREAM_HOST%!"), serde_json::json!("-!"));
    }

    #[test]
    fn what_is_missing_is_empty_in_a_header() {
        assert_eq!(Format::parse("<%UPSTREAM_HOST%>").unwrap().header_value(&record()), "<>");
    }
}
