//! What the webhook refuses of a RequestAuthentication.

use super::{durations, headers, jwks, metadata, selectors, url};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{JwtRule, RequestAuthentication};

/// All rules about a RequestAuthentication.
pub(in crate::istio) fn admit(object: &Resource<RequestAuthentication>, report: &mut Report) {
    let at = At::SPEC;
    let RequestAuthentication { selector, target_ref, target_refs, jwt_rules } = &object.spec;
    metadata::check(object, report);
    selectors::policy_or_targets(&at, selector.as_ref(), target_ref.as_ref(), target_refs, report);
    for (index, rule) in jwt_rules.iter().enumerate() {
        jwt_rule(&at.item("jwtRules", index), rule, report);
    }
}

fn jwt_rule(at: &At<'_>, rule: &JwtRule, report: &mut Report) {
    let empty = |text: &Option<String>| text.as_deref().unwrap_or_default().is_empty();
    if empty(&rule.issuer) && empty(&rule.jwks_uri) {
        report.refuse(at, "a rule needs an `issuer` or a `jwksUri`");
    }
    if rule.jwks.is_some() && rule.jwks_uri.is_some() {
        report.refuse_in_schema(at, "only one of `jwks` and `jwksUri` can be set");
    }
    if let Some(uri) = rule.jwks_uri.as_deref().filter(|uri| !uri.is_empty()) {
        report.check(&at.field("jwksUri"), url::web(uri));
    }
    if let Some(keys) = rule.jwks.as_deref().filter(|keys| !keys.is_empty()) {
        jwks::check(&at.field("jwks"), keys, report);
    }
    let lists = [
        ("audiences", &rule.audiences),
        ("fromParams", &rule.from_params),
        ("fromCookies", &rule.from_cookies),
    ];
    for (field, names) in lists {
        for (index, _) in names.iter().enumerate().filter(|(_, name)| name.is_empty()) {
            report.refuse(&at.item(field, index), format!("an item of `{field}` must not be empty"));
        }
    }
    for (index, header) in rule.from_headers.iter().enumerate() {
        if empty(&header.name) {
            report.refuse(&at.item("fromHeaders", index), "a header needs a `name`");
        }
    }
    for (index, claim) in rule.output_claim_to_headers.iter().enumerate() {
        let at = at.item("outputClaimToHeaders", index);
        if empty(&claim.claim) || empty(&claim.header) {
            report.refuse(&at, "`header` and `claim` are required");
        } else {
            report.check(&at.field("header"), headers::name(claim.header.as_deref().unwrap_or_default()));
        }
    }
    for (index, _) in rule.space_delimited_claims.iter().enumerate().filter(|(_, claim)| claim.is_empty()) {
        report.refuse(&at.item("spaceDelimitedClaims", index), "the name of a claim must not be empty");
    }
    durations::at_least_a_millisecond(&at.field("timeout"), rule.timeout, report);
}
