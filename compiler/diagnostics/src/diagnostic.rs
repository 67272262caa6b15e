//! One finding.

use meshc_contract::ObjectRef;

use crate::{Code, Origin, Span};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input does not compile as written; deliverables are withheld.
    Error,
    /// It compiles, but probably not to what was meant.
    Warning,
    /// A fact worth knowing, for example an order that only names decide.
    Info,
}

/// A place with a few words beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be seen there; lower case, no full stop; may be empty.
    pub message: String,
}

/// One finding: what is wrong, where, what it means for traffic, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Permanent code and name.
    pub code: &'static Code,
    /// Severity of this finding.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, values in backticks, true on its own.
    pub message: String,
    /// The wrong place. Absent only for findings about the whole input.
    pub primary: Option<Label>,
    /// Other ends of the reference, in reading order.
    pub related: Vec<Label>,
    /// What it means for traffic ("Envoy answers 503 to every request of this route").
    pub consequence: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// The object that the finding is about.
    pub object: Option<ObjectRef>,
    /// Path of the field in that object, as `spec.http[0].route[0].destination.host`.
    pub path: Option<String>,
    /// Whether the fault ends where it begins: the requests that it names are refused, and everything else is as it was meant, so
    /// that output need not be withheld for it.
    pub contained: bool,
}

impl Diagnostic {
    /// A finding with the severity that its code has by default and nothing else filled in.
    #[must_use]
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            primary: None,
            related: Vec::new(),
            consequence: None,
            help: None,
            object: None,
            path: None,
            contained: false,
        }
    }

    /// States the wrong place.
    #[must_use]
    pub fn at(mut self, span: Span, message: impl Into<String>) -> Self {
        self.primary = Some(Label { span, message: message.into() });
        self
    }

    /// Adds the other end of a reference.
    #[must_use]
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Label { span, message: message.into() });
        self
    }

    /// Says what it means for traffic.
    #[must_use]
    pub fn consequence(mut self, text: impl Into<String>) -> Self {
        self.consequence = Some(text.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Says that the fault ends where it begins.
    #[must_use]
    pub fn contained(mut self) -> Self {
        self.contained = true;
        self
    }

    /// States where a node of the plan or the mesh comes from: the place with a note, and the object. A default rule has neither.
    #[must_use]
    pub fn at_origin(self, origin: &Origin, note: impl Into<String>) -> Self {
        match origin {
            Origin::Declared { object, span } => self.at(*span, note).about(object.clone(), ""),
            Origin::Default { .. } => self,
        }
    }

    /// Points at where another node comes from that explains the finding; a default rule has no place.
    #[must_use]
    pub fn related_origin(self, origin: &Origin, message: impl Into<String>) -> Self {
        match origin {
            Origin::Declared { span, .. } => self.related(*span, message),
            Origin::Default { .. } => self,
        }
    }

    /// Names the object and the field in it; the path may be empty.
    #[must_use]
    pub fn about(mut self, object: ObjectRef, path: impl Into<String>) -> Self {
        self.object = Some(object);
        let path = path.into();
        self.path = (!path.is_empty()).then_some(path);
        self
    }
}
