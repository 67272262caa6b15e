//! Validating documents.

use std::collections::BTreeMap;

use jsonschema::{Draft, PatternOptions};
use meshc_diagnostics::{Diagnostics, Severity};
use meshc_source::Document;
use schemars::JsonSchema;
use serde_json::Value;

use super::findings::{Consequences, Findings};
use super::span_json::{SpanJson, SpanNode};
use super::{message_schema, object_schema};
use crate::Kind;
use crate::object::Body;

/// A schema and what the library makes of it. `None` where the library refuses the schema, which a test excludes.
struct Compiled {
    schema: Value,
    validator: Option<jsonschema::Validator<SpanJson>>,
}

/// Schemas by kind, compiled when the first object of a kind comes.
#[derive(Default)]
pub(crate) struct Validators {
    compiled: BTreeMap<&'static str, Compiled>,
}

impl Validators {
    /// Validates an object; whether it is accepted.
    pub(crate) fn accept<T: Kind + JsonSchema>(
        &mut self,
        body: Body,
        document: &Document,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let compiled =
            self.compiled.entry(T::KIND).or_insert_with(|| Compiled::new(object_schema::<T>(body)));
        compiled.accept(document, Consequences::API_SERVER, diagnostics)
    }
}

/// Validates a message that is no object of the cluster; whether it is accepted.
pub(crate) fn validate<T: JsonSchema>(
    document: &Document,
    consequences: Consequences,
    diagnostics: &mut Diagnostics,
) -> bool {
    Compiled::new(message_schema::<T>()).accept(document, consequences, diagnostics)
}

impl Compiled {
    fn new(schema: Value) -> Self {
        let validator = jsonschema::options_for::<SpanJson>()
            .with_draft(Draft::Draft202012)
            .offline()
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .ok();
        Self { schema, validator }
    }

    fn accept(&self, document: &Document, consequences: Consequences, diagnostics: &mut Diagnostics) -> bool {
        let Some(validator) = &self.validator else { return true };
        let root = SpanNode::Value(document.root());
        if validator.is_valid(root) {
            return true;
        }
        let mut findings =
            Findings { schema: &self.schema, document, consequences, found: Diagnostics::new() };
        for error in validator.iter_errors(root) {
            findings.add(&error);
        }
        let accepted = findings.found.iter().all(|finding| finding.severity != Severity::Error);
        diagnostics.append(findings.found);
        accepted
    }
}
