//! What the emitter has to say about a plan: which features of Envoy it would need, and where.

use std::collections::BTreeSet;
use std::fmt::Display;

use meshc_contract::WorkloadRef;
use meshc_contract::metadata::TARGET_ANNOTATION;
use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};

use super::feature::{Fate, Feature};
use super::key_material::Needs;

/// What was said already. Many proxies are told the same, and one object makes many nodes.
#[derive(Debug, Default)]
pub(super) struct Findings {
    said: BTreeSet<(&'static str, String)>,
}

/// A node of the plan that is being emitted.
pub(super) struct Site<'a> {
    pub(super) findings: &'a mut Findings,
    pub(super) diagnostics: &'a mut Diagnostics,
    /// What the nodes so far need beside the configuration.
    pub(super) needs: &'a mut Needs,
    /// The workload whose proxy it is, or the first of several.
    pub(super) workload: &'a WorkloadRef,
    /// Why the node exists.
    pub(super) origin: &'a Origin,
}

impl Site<'_> {
    /// The site of a node within.
    pub(super) fn at<'b>(&'b mut self, origin: &'b Origin) -> Site<'b> {
        Site {
            findings: self.findings,
            diagnostics: self.diagnostics,
            needs: self.needs,
            workload: self.workload,
            origin,
        }
    }

    /// Says that something of the plan needs a feature.
    pub(super) fn lacks(&mut self, feature: &'static Feature, what: impl Display) {
        let place = match self.origin {
            Origin::Declared { object, span: _ } => object.to_string(),
            Origin::Default { rule } => (*rule).to_owned(),
        };
        if self.findings.said.insert((feature.name, place)) {
            self.diagnostics.push(finding(feature, &what.to_string(), self.origin, self.workload));
        }
    }
}

fn finding(feature: &'static Feature, what: &str, origin: &Origin, workload: &WorkloadRef) -> Diagnostic {
    let code = match feature.fate {
        Fate::Refused => &codes::NEEDS_ENVOY,
        Fate::Ignored => &codes::NOT_DONE_BY_PROXY,
    };
    let message = format!("{what} asks for what `meshc-proxy` does not have: {}", feature.name);
    let WorkloadRef { namespace, name } = workload;
    let mut help = format!(
        "run Envoy where it matters: annotate the pods of {namespace}/{name} with `{TARGET_ANNOTATION}: envoy`"
    );
    if !feature.otherwise.is_empty() {
        help.push_str("; or ");
        help.push_str(feature.otherwise);
    }
    let mut finding = Diagnostic::new(code, message).consequence(feature.consequence).help(help);
    match origin {
        Origin::Declared { object, span } => finding.at(*span, "made from this").about(object.clone(), ""),
        Origin::Default { rule } => {
            finding.message = format!("{} ({rule})", finding.message);
            finding
        }
    }
}
