//! A rule of an AuthorizationPolicy as conditions, before it is known whether it applies to HTTP or to bytes.

use meshc_api::istio::AuthorizationAction;
use meshc_plan::{Permission, Principal};

/// One condition of a rule: one of its values must match, and none of those that are excluded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition<M> {
    /// Matchers of the values, each of which may be unusable.
    pub(super) values: Vec<Value<M>>,
    /// Matchers of the excluded values.
    pub(super) excluded: Vec<Value<M>>,
    /// Whether it looks at HTTP, which bytes do not have.
    pub(super) http_only: bool,
    /// Whether a single value stands for itself; others are always a list of alternatives, as istiod writes them.
    pub(super) bare: bool,
}

/// The matcher of one value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<M> {
    /// It can be matched.
    Match(M),
    /// It means nothing, for instance a port that is no number.
    Invalid(String),
}

/// A rule: one of the permissions and one of the principals must hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RuleConditions {
    /// Conditions of each operation; all conditions of one must hold.
    pub(super) permissions: Vec<Vec<Condition<Permission>>>,
    /// Conditions of each source.
    pub(super) principals: Vec<Vec<Condition<Principal>>>,
}

/// What a chain carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Traffic {
    /// HTTP.
    Http,
    /// Bytes.
    Tcp,
}

/// How matchers of one kind are combined.
pub(super) trait Combine: Sized {
    /// All of them.
    fn all(members: Vec<Self>) -> Self;
    /// One of them.
    fn any_of(members: Vec<Self>) -> Self;
    /// Not this.
    fn negated(self) -> Self;
    /// Everything.
    fn anything() -> Self;
}

impl Combine for Permission {
    fn all(members: Vec<Self>) -> Self {
        Self::And(members)
    }
    fn any_of(members: Vec<Self>) -> Self {
        Self::Or(members)
    }
    fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }
    fn anything() -> Self {
        Self::Any
    }
}

impl Combine for Principal {
    fn all(members: Vec<Self>) -> Self {
        Self::And(members)
    }
    fn any_of(members: Vec<Self>) -> Self {
        Self::Or(members)
    }
    fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }
    fn anything() -> Self {
        Self::Any
    }
}

impl<M: Clone + Combine> Condition<M> {
    /// Matchers of the condition. `None` when it cannot be decided and the action is ALLOW: then the whole rule must not
    /// match, so that less is allowed. For other actions what cannot be decided is left out, so that more is denied.
    fn lower(&self, traffic: Traffic, action: AuthorizationAction) -> Option<Vec<M>> {
        let allow = action == AuthorizationAction::Allow;
        let usable = |values: &[Value<M>]| -> Option<Vec<M>> {
            let mut matchers = Vec::new();
            for value in values {
                match value {
                    Value::Match(matcher) if !self.http_only || traffic == Traffic::Http => {
                        matchers.push(matcher.clone());
                    }
                    Value::Match(_) | Value::Invalid(_) if allow => return None,
                    Value::Match(_) | Value::Invalid(_) => {}
                }
            }
            Some(matchers)
        };
        let join = |mut matchers: Vec<M>| match matchers.len() {
            0 => None,
            1 if self.bare => matchers.pop(),
            _ => Some(M::any_of(matchers)),
        };
        let values = join(usable(&self.values)?);
        let excluded = join(usable(&self.excluded)?).map(M::negated);
        Some(values.into_iter().chain(excluded).collect())
    }
}

/// The matchers of all alternatives of one side of a rule; `None` when the rule must not match at all.
pub(super) fn lower<M: Clone + Combine>(
    alternatives: &[Vec<Condition<M>>],
    traffic: Traffic,
    action: AuthorizationAction,
) -> Option<Vec<M>> {
    alternatives
        .iter()
        .map(|conditions| {
            let mut members = Vec::new();
            for condition in conditions {
                members.extend(condition.lower(traffic, action)?);
            }
            if members.is_empty() {
                members.push(M::anything());
            }
            Some(M::all(members))
        })
        .collect()
}

impl RuleConditions {
    /// Whether some condition looks at HTTP.
    pub(super) fn looks_at_http(&self) -> bool {
        let permissions = self.permissions.iter().flatten().any(|condition| condition.http_only);
        permissions || self.principals.iter().flatten().any(|condition| condition.http_only)
    }

    /// Values that mean nothing.
    pub(super) fn invalid_values(&self) -> Vec<&str> {
        fn of<M>(conditions: &[Vec<Condition<M>>]) -> impl Iterator<Item = &str> {
            let values = conditions
                .iter()
                .flatten()
                .flat_map(|condition| condition.values.iter().chain(&condition.excluded));
            values.filter_map(|value| match value {
                Value::Invalid(reason) => Some(reason.as_str()),
                Value::Match(_) => None,
            })
        }
        of(&self.permissions).chain(of(&self.principals)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(port: u16, http_only: bool) -> Condition<Permission> {
        Condition {
            values: vec![Value::Match(Permission::DestinationPort(port))],
            excluded: Vec::new(),
            http_only,
            bare: false,
        }
    }

    #[test]
    fn conditions_about_http_shrink_an_allow_rule_and_widen_a_deny_rule_on_bytes() {
        let alternatives = [vec![port(80, false), port(81, true)]];
        assert_eq!(lower(&alternatives, Traffic::Tcp, AuthorizationAction::Allow), None);
        let deny = lower(&alternatives, Traffic::Tcp, AuthorizationAction::Deny);
        let kept = Permission::Or(vec![Permission::DestinationPort(80)]);
        assert_eq!(deny, Some(vec![Permission::And(vec![kept])]));
    }

    #[test]
    fn a_side_without_conditions_matches_everything() {
        let alternatives: [Vec<Condition<Permission>>; 1] = [Vec::new()];
        let lowered = lower(&alternatives, Traffic::Http, AuthorizationAction::Allow);
        assert_eq!(lowered, Some(vec![Permission::And(vec![Permission::Any])]));
    }

    #[test]
    fn an_invalid_value_never_lets_more_through() {
        let condition = Condition { values: vec![Value::Invalid("x".to_owned())], ..port(80, false) };
        let alternatives = [vec![condition]];
        assert_eq!(lower(&alternatives, Traffic::Http, AuthorizationAction::Allow), None);
        let deny = lower(&alternatives, Traffic::Http, AuthorizationAction::Deny);
        assert_eq!(deny, Some(vec![Permission::And(vec![Permission::Any])]));
    }
}
