//! Findings as data: spans, origins, diagnostics and their renderers.
//!
//! Enters: values made by the passes. Leaves: text in several formats, made once, at the top. Must not know: YAML, Istio
//! kinds, the plan, or how to print to a terminal (the caller writes what a renderer returns).

mod code;
pub mod codes;
mod diagnostic;
mod origin;
pub mod render;
mod sink;
mod sources;
mod span;

pub use code::Code;
pub use diagnostic::{Diagnostic, Label, Severity};
pub use origin::Origin;
pub use sink::Diagnostics;
pub use sources::{Position, Sources};
pub use span::{FileId, Span};
