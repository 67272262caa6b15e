//! Label selectors as Kubernetes writes them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::null_default::null_default;

/// Selects objects by their labels; all requirements must hold. An empty selector selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels that must have exactly these values.
    #[serde(default, deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements that are more than equality.
    #[serde(default, deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One requirement of a selector.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct LabelSelectorRequirement {
    /// Key of the label.
    pub key: String,
    /// Relation between the label and the values.
    pub operator: LabelSelectorOperator,
    /// Values for `In` and `NotIn`; empty for `Exists` and `DoesNotExist`.
    #[serde(default, deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// Relation between a label and a set of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum LabelSelectorOperator {
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl LabelSelector {
    /// Whether labels satisfy every requirement, by the rules of the Kubernetes API.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }
}

impl LabelSelectorRequirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            LabelSelectorOperator::In => listed,
            LabelSelectorOperator::NotIn => !listed,
            LabelSelectorOperator::Exists => value.is_some(),
            LabelSelectorOperator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
        let selector: LabelSelector = serde_json::from_str(selector).unwrap();
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        selector.matches(&labels)
    }

    #[test]
    fn an_empty_selector_selects_everything() {
        assert!(selects("{}", &[]));
        assert!(selects(r#"{"matchLabels": null}"#, &[("app", "a")]));
    }

    #[test]
    fn not_in_selects_an_object_without_the_label() {
        let selector = r#"{"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}"#;
        assert!(selects(selector, &[]));
        assert!(!selects(selector, &[("app", "a")]));
    }

    #[test]
    fn labels_and_expressions_must_both_hold() {
        let selector = r#"{"matchLabels": {"app": "a"},
            "matchExpressions": [{"key": "tier", "operator": "Exists"}]}"#;
        assert!(selects(selector, &[("app", "a"), ("tier", "")]));
        assert!(!selects(selector, &[("app", "a")]));
    }
}
