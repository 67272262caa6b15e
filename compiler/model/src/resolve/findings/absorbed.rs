//! DestinationRules for all workloads that istiod makes part of one that selects some (translation-spec §2.2.5).

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use crate::Mesh;

/// Reports them. It happens to rules with `exportTo: [.]`, which is what a rule with a selector has without saying so.
pub(super) fn report(mesh: &Mesh, diagnostics: &mut Diagnostics) {
    let absorbed = mesh.index.destination_rules.selecting_only();
    for rule in mesh.destination_rules.iter().filter(|rule| rule.spec.workload_selector.is_none()) {
        let object = rule.object_ref();
        let Some(winner) = absorbed.get(&object) else { continue };
        let message = format!("{object} has no effect on workloads that {winner} does not select");
        let finding = Diagnostic::new(&codes::SUPERSEDED, message)
            .at(rule.span("spec.exportTo"), "merged with a rule that has a selector")
            .consequence("Istio merges private rules of one host, with and without a selector, so that the other workloads call it without any rule")
            .help("leave out `exportTo`, or write it as the name of the namespace, and the rule stands on its own");
        diagnostics.push(finding.about(object, "spec.exportTo"));
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, destination_rule, resolve, service};

    const SELECTING: &str = "{host: web, workloadSelector: {matchLabels: {app: client}}}";

    fn findings(rule: &str) -> Vec<String> {
        let yaml = service("own", "web", "{name: http, port: 80}")
            + &deployment("own", "client")
            + &destination_rule("own", "some", SELECTING)
            + &destination_rule("own", "all", rule);
        resolve(&yaml).findings.iter().map(|finding| finding.message.clone()).collect()
    }

    #[test]
    fn a_private_rule_beside_one_with_a_selector_is_lost() {
        let lost = "DestinationRule own/all has no effect on workloads that DestinationRule own/some does not select";
        assert_eq!(findings("{host: web, exportTo: [.]}"), [lost]);
        assert_eq!(findings("{host: web, exportTo: [own]}"), [""; 0]);
        assert_eq!(findings("{host: web}"), [""; 0]);
    }
}
