//! DestinationRules of one host and namespace with different `exportTo`: istiod does not merge them, and clients that see several
//! follow the last one (translation-spec §2.2.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::istio::DestinationRule;
use meshc_api::{Precedence, Resource};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use crate::Mesh;
use crate::destination_rule::{becomes_part, export_to};
use crate::visibility::Visibility;

/// Reports those that a later one overrides for clients that see both.
pub(super) fn report(mesh: &Mesh, diagnostics: &mut Diagnostics) {
    let mut by_host: BTreeMap<(&str, &str), Vec<&Arc<Resource<DestinationRule>>>> = BTreeMap::new();
    for rule in mesh.destination_rules.iter().filter(|rule| rule.spec.workload_selector.is_none()) {
        let host = rule.spec.host.as_deref().unwrap_or_default();
        by_host.entry((rule.namespace(), host)).or_default().push(rule);
    }
    let default = &mesh.config.default_destination_rule_export_to;
    for rules in by_host.values() {
        for (index, rule) in rules.iter().enumerate() {
            let mut later = rules.iter().skip(index + 1).rev();
            if let Some(winner) = later.find(|later| overrides(later, rule, default)) {
                diagnostics.push(finding(winner, rule));
            }
        }
    }
}

/// Whether a later rule is not merged with an earlier one, states something else, and reaches clients of it.
fn overrides(
    later: &Resource<DestinationRule>,
    earlier: &Resource<DestinationRule>,
    default: &[String],
) -> bool {
    let said =
        |rule: &Resource<DestinationRule>| DestinationRule { export_to: Vec::new(), ..rule.spec.clone() };
    !becomes_part(&export_to(later), &export_to(earlier))
        && said(later) != said(earlier)
        && meet(&audience(later, default), &audience(earlier, default))
}

/// Who sees a rule.
fn audience(rule: &Resource<DestinationRule>, default: &[String]) -> Visibility {
    Visibility::with_default(&rule.spec.export_to, default, rule.namespace())
}

fn meet(one: &Visibility, other: &Visibility) -> bool {
    match (one, other) {
        (Visibility::Nobody, _) | (_, Visibility::Nobody) => false,
        (Visibility::Public, _) | (_, Visibility::Public) => true,
        (Visibility::Namespaces(one), Visibility::Namespaces(other)) => !one.is_disjoint(other),
    }
}

fn finding(winner: &Resource<DestinationRule>, rule: &Resource<DestinationRule>) -> Diagnostic {
    let host = rule.spec.host.as_deref().unwrap_or_default();
    let precedence = Precedence::of(rule.creation_key(), winner.creation_key());
    let message = format!(
        "{} and {} are for `{host}` and differ in `exportTo`, so that they are not merged",
        rule.object_ref(),
        winner.object_ref()
    );
    Diagnostic::new(&codes::SUPERSEDED, message)
        .at(
            rule.span("spec.exportTo"),
            format!("has no effect on clients that see both: {}", precedence.reason()),
        )
        .related(winner.span("spec.exportTo"), "this one counts for them, as the last one")
        .consequence(format!(
            "clients that see both follow the traffic policy and the subsets of {} alone",
            winner.object_ref()
        ))
        .help(precedence.help("state everything in one of them, or export them to different namespaces"))
        .about(rule.object_ref(), "spec.exportTo")
}

#[cfg(test)]
mod tests {
    use crate::fixture::{destination_rule, resolve};

    const RANDOM: &str = "trafficPolicy: {loadBalancer: {simple: RANDOM}}";
    const ROUND_ROBIN: &str = "trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}";

    fn findings(first: &str, second: &str) -> Vec<String> {
        let rule = |name, more: &str| destination_rule("shop", name, &format!("{{host: a.example, {more}}}"));
        resolve(&(rule("a", first) + &rule("b", second))).texts()
    }

    #[test]
    fn clients_that_see_two_rules_follow_the_last_one() {
        assert_eq!(
            findings(&format!("exportTo: ['*'], {RANDOM}"), &format!("exportTo: ['.'], {ROUND_ROBIN}")),
            [
                "Warning superseded: DestinationRule shop/a and DestinationRule shop/b are for `a.example` and differ in `exportTo`, so \
              that they are not merged; state everything in one of them, or export them to different namespaces; or state \
              `metadata.creationTimestamp` in both, so that their age decides"
            ]
        );
    }

    #[test]
    fn rules_without_a_common_client_or_with_the_same_policy_are_no_news() {
        let none = Vec::<String>::new();
        assert_eq!(
            findings(&format!("exportTo: [one], {RANDOM}"), &format!("exportTo: [two], {ROUND_ROBIN}")),
            none
        );
        assert_eq!(
            findings(&format!("exportTo: ['*'], {RANDOM}"), &format!("exportTo: ['.'], {RANDOM}")),
            none
        );
    }

    #[test]
    fn a_rule_that_becomes_a_part_of_an_earlier_one_does_not_override_it() {
        let (one, both) =
            (format!("exportTo: [one], {RANDOM}"), format!("exportTo: [one, two], {ROUND_ROBIN}"));
        assert_eq!(findings(&one, &both), Vec::<String>::new());
        assert_eq!(findings(&both, &one).len(), 1);
    }

    #[test]
    fn of_three_rules_the_last_one_counts() {
        let rule = |name, more: &str| destination_rule("shop", name, &format!("{{host: a.example, {more}}}"));
        let yaml = rule("a", &format!("exportTo: ['*'], {RANDOM}"))
            + &rule("b", &format!("exportTo: [one], {ROUND_ROBIN}"))
            + &rule("c", &format!("exportTo: ['.'], {ROUND_ROBIN}"));
        let fixture = resolve(&yaml);
        let [finding] = &fixture.findings[..] else { panic!("one finding") };
        assert!(finding.message.contains("shop/a and DestinationRule shop/c"), "{}", finding.message);
    }

    #[test]
    fn a_rule_without_export_to_is_for_everybody() {
        assert_eq!(findings(RANDOM, &format!("exportTo: [one], {ROUND_ROBIN}")).len(), 1);
    }
}
