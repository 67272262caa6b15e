//! Findings as text: for people, for one-line logs, for programs. Every renderer returns a string; the caller prints it.
//!
//! Findings are expected sorted ([`crate::Diagnostics::into_sorted`]); equal input gives equal bytes.

mod concise;
mod fingerprint;
mod frame;
mod human;
mod json;
mod summary;

pub use concise::concise;
pub use human::human;
pub use json::json;
pub use summary::summary;

use crate::{Code, Severity};

/// Where the page of a rule is.
fn docs_url(code: &Code) -> String {
    format!("https://meshc.dev/rules/{}", code.name)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// Text from the input that is safe to print: no control characters that a terminal would obey, no characters that turn
/// the direction of what follows, no line breaks.
fn printable(text: &str) -> String {
    text.chars().map(printable_char).collect()
}

fn printable_char(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
            '\u{fffd}'
        }
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}
