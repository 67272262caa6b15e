//! Matching of query parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ValueMatch;

/// How a query parameter is matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueryMatch {
    /// Name.
    pub name: String,
    /// Value.
    pub value: ValueMatch,
}

impl QueryMatch {
    /// Whether a path with its query has the parameter as wanted. Values are compared as they are written.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let Self { name, value } = self;
        let found = query_parameter(path, name);
        match value {
            ValueMatch::Present => found.is_some(),
            ValueMatch::Text(matcher) => found.is_some_and(|found| matcher.matches(found)),
        }
    }
}

/// The first value of a query parameter, as written.
#[must_use]
pub fn query_parameter<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let (_, query) = path.split_once('?')?;
    let query = query.split('#').next().unwrap_or(query);
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_parameter_of_a_name_counts() {
        assert_eq!(query_parameter("/a?x=1&x=2&y#z=3", "x"), Some("1"));
        assert_eq!(query_parameter("/a?x=1&y#z=3", "y"), Some(""));
        assert_eq!(query_parameter("/a?x=1#z=3", "z"), None);
        assert_eq!(query_parameter("/a", "x"), None);
    }
}
