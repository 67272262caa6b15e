//! What the API server and Istio's webhook refuse although it has the form that the schema asks for.

use meshc_diagnostics::{Code, Diagnostic, Diagnostics, Severity, codes};
use meshc_source::{push_index, push_key};

use crate::{Kind, Resource};

/// Place of a value in an object; made on the stack on the way down, spelt only when there is something to
/// report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    field: &'a str,
    index: Option<usize>,
}

impl<'a> At<'a> {
    /// `spec`.
    pub(crate) const SPEC: At<'static> = At { parent: None, field: "spec", index: None };
    /// `metadata`.
    pub(crate) const METADATA: At<'static> = At { parent: None, field: "metadata", index: None };

    /// A field of the value, or the entry of a map with this key.
    #[must_use]
    pub(crate) fn field(&'a self, field: &'a str) -> At<'a> {
        At { parent: Some(self), field, index: None }
    }

    /// An item of a list that is a field of the value.
    #[must_use]
    pub(crate) fn item(&'a self, field: &'a str, index: usize) -> At<'a> {
        At { parent: Some(self), field, index: Some(index) }
    }

    /// The place as a path: `spec.http[0].route[1].destination.host`.
    #[must_use]
    pub(crate) fn path(&self) -> String {
        let mut path = self.parent.map(At::path).unwrap_or_default();
        push_key(&mut path, self.field);
        if let Some(index) = self.index {
            push_index(&mut path, index);
        }
        path
    }
}

/// Who objects to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objector {
    /// The API server, by a validation expression of the published CRD; the webhook alone would accept the
    /// object.
    ApiServer,
    /// The webhook of istiod. Where the CRD has the same rule, this is the one that is named.
    Webhook,
}

/// One objection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Path of the value.
    pub path: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// Kind of finding; its severity says whether the object is refused.
    pub code: &'static Code,
    /// Who objects.
    pub objector: Objector,
}

/// What the rules have found in one object.
#[derive(Debug, Clone, Default)]
pub struct Report {
    objections: Vec<Objection>,
}

impl Report {
    /// All objections in the order of the rules.
    #[must_use]
    pub fn objections(&self) -> &[Objection] {
        &self.objections
    }

    /// The webhook refuses the object.
    pub(crate) fn refuse(&mut self, at: &At<'_>, message: impl Into<String>) {
        self.add(at, message, &codes::REFUSED_BY_RULE, Objector::Webhook);
    }

    /// The API server refuses the object although the webhook would accept it.
    pub(crate) fn refuse_in_schema(&mut self, at: &At<'_>, message: impl Into<String>) {
        self.add(at, message, &codes::REFUSED_BY_RULE, Objector::ApiServer);
    }

    /// The webhook refuses the object if the check failed.
    pub(crate) fn check(&mut self, at: &At<'_>, outcome: Result<(), String>) {
        if let Err(message) = outcome {
            self.refuse(at, message);
        }
    }

    /// The webhook accepts the object with a warning.
    pub(crate) fn warn(&mut self, at: &At<'_>, message: impl Into<String>) {
        self.add(at, message, &codes::ACCEPTED_WITH_WARNING, Objector::Webhook);
    }

    /// A finding with a code of its own.
    pub(crate) fn add(
        &mut self,
        at: &At<'_>,
        message: impl Into<String>,
        code: &'static Code,
        objector: Objector,
    ) {
        self.objections.push(Objection { path: at.path(), message: message.into(), code, objector });
    }
}

/// Turns the objections of the rules into diagnostics. `None` where one of them refuses the object.
pub(crate) fn admitted<T: Kind>(resource: Resource<T>, diagnostics: &mut Diagnostics) -> Option<Resource<T>> {
    let mut report = Report::default();
    T::admit(&resource, &mut report);
    let mut refused = false;
    for Objection { path, message, code, objector: _ } in report.objections {
        let mut finding = Diagnostic::new(code, message).at(resource.span(&path), "");
        if code.severity == Severity::Error {
            refused = true;
            finding = finding.consequence("the API server refuses the object, so it is left out");
        }
        diagnostics.push(finding.about(resource.object_ref(), path));
    }
    (!refused).then_some(resource)
}

#[cfg(test)]
mod tests {
    use super::At;

    #[test]
    fn places_are_spelt_as_paths() {
        let at = At::SPEC.item("http", 0);
        assert_eq!(at.path(), "spec.http[0]");
        assert_eq!(at.field("headers").field("x.y").path(), "spec.http[0].headers[\"x.y\"]");
    }
}
