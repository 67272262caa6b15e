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
    /// What the node is called: "the upstream `…`".
    pub(super) node: &'a str,
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
            node: self.node,
            origin,
        }
    }

    /// Says that the node needs a feature; the detail may be empty.
    pub(super) fn lacks(&mut self, feature: &'static Feature, detail: impl Display) {
        let place = match self.origin {
            Origin::Declared { object, span: _ } => object.to_string(),
            Origin::Default { rule } => (*rule).to_owned(),
        };
        let of_workload = format!("the proxy of {}", self.workload);
        // What a default rule makes of something that was told with its place is not told again.
        let told = matches!(self.origin, Origin::Default { .. })
            && self.findings.said.contains(&(feature.name, of_workload.clone()));
        self.findings.said.insert((feature.name, of_workload));
        if self.findings.said.insert((feature.name, place)) && !told {
            self.diagnostics.push(self.finding(feature, &detail.to_string()));
        }
    }

    fn finding(&self, feature: &'static Feature, detail: &str) -> Diagnostic {
        let Feature { name, fate, consequence, otherwise, stock: _, istio: _ } = feature;
        let code = match fate {
            Fate::Refused => &codes::NEEDS_ENVOY,
            Fate::Ignored => &codes::NOT_DONE_BY_PROXY,
        };
        let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        let mut message = format!("{} asks for what `meshc-proxy` does not have: {name}{detail}", self.node);
        if let Origin::Default { rule } = self.origin {
            message.push_str(&format!("; {rule}"));
        }
        let WorkloadRef { namespace, name } = self.workload;
        let mut help = format!(
            "run Envoy in the pods that are told of it, such as those of {namespace}/{name}: annotate them with \
             `{TARGET_ANNOTATION}: envoy`"
        );
        if !otherwise.is_empty() {
            help.push_str(&format!("; or {otherwise}"));
        }
        let finding = Diagnostic::new(code, message).consequence(*consequence).help(help);
        finding.at_origin(self.origin, "made from this")
    }
}

/// Runs something at a site of its own; what it gives, the features that it found to be lacking, and what it needs.
#[cfg(test)]
pub(super) fn at_a_site<R>(run: impl FnOnce(&mut Site<'_>) -> R) -> (R, Vec<&'static str>, Needs) {
    let (mut findings, mut diagnostics, mut needs) =
        (Findings::default(), Diagnostics::new(), Needs::default());
    let workload = WorkloadRef { namespace: "shop".into(), name: "cart".into() };
    let result = run(&mut Site {
        findings: &mut findings,
        diagnostics: &mut diagnostics,
        needs: &mut needs,
        workload: &workload,
        node: "the node",
        origin: &Origin::Default { rule: "made by a test" },
    });
    let lacking = super::feature::LACKING.iter().map(|feature| feature.name);
    let said = lacking.filter(|name| findings.said.iter().any(|(said, _)| said == name)).collect();
    (result, said, needs)
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::Severity;

    use super::super::feature;
    use super::*;

    #[test]
    fn a_feature_is_told_once_for_each_object_and_says_the_way_out() {
        let (mut findings, mut diagnostics, mut needs) =
            (Findings::default(), Diagnostics::new(), Needs::default());
        let workload = WorkloadRef { namespace: "shop".into(), name: "cart".into() };
        for (node, rule) in [("the listener `a`", "one"), ("the listener `b`", "one")] {
            let mut site = Site {
                findings: &mut findings,
                diagnostics: &mut diagnostics,
                needs: &mut needs,
                workload: &workload,
                node,
                origin: &Origin::Default { rule },
            };
            site.lacks(&feature::REDIS, "port 6379");
        }
        let told = diagnostics.into_sorted();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].severity, Severity::Error);
        assert!(told[0].message.starts_with("the listener `a` asks for"), "{}", told[0].message);
        assert!(told[0].message.contains("(port 6379)"), "{}", told[0].message);
        let help = told[0].help.as_ref().unwrap();
        assert!(help.contains("shop/cart") && help.contains("`meshc.dev/target: envoy`"), "{help}");
    }
}
