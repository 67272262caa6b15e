//! Comments, which carry suppressions (`# meshc: ignore[rule] reason`).

use meshc_diagnostics::Span;

/// A comment of a YAML document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the end of the line, exclusive.
    pub span: Span,
    /// The text after `#`, as written.
    pub text: Box<str>,
    /// How it stands to what is near it.
    pub placement: Placement,
}

/// How a comment stands to the values near it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// On a line of its own, directly above a value (or above a comment that is).
    Above,
    /// Behind a value on the same line.
    Right,
    /// On a line of its own, with no value directly below.
    Free,
}
