//! Changing path and authority before forwarding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Changes of the address that the destination sees.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRewrite {
    /// Replaces the prefix that the rule matched, or the whole path if the match is exact or a regex. Not
    /// together with `uriRegexRewrite`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Replaces the host (Envoy's `host_rewrite_literal`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Replaces the parts of the path that a regex matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri_regex_rewrite: Option<RegexRewrite>,
}

/// Replacement by regular expression.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RegexRewrite {
    /// RE2 expression that is searched in the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#match: Option<String>,
    /// What replaces the found text; `\1` to `\9` stand for the groups of the expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<String>,
}
