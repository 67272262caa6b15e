//! What is wrong with a configuration.

use std::fmt;

/// What is wrong with a configuration, and where: a JSON path such as `listeners[0].chains[2].tls.certificates`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct ConfigError {
    /// JSON path from the root of the file; empty for the file as a whole.
    pub(crate) path: String,
    /// What is wrong, as a sentence without its full stop.
    pub(crate) problem: String,
}

impl ConfigError {
    /// An error at a path, which may be relative until [`under`](Self::under) says below what.
    pub(crate) fn new(path: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self { path: path.into(), problem: problem.to_string() }
    }

    /// The same error, its path below another one.
    #[must_use]
    pub(crate) fn under(self, parent: impl fmt::Display) -> Self {
        let Self { path, problem } = self;
        let path = match path.as_str() {
            "" => parent.to_string(),
            path if path.starts_with('[') => format!("{parent}{path}"),
            path => format!("{parent}.{path}"),
        };
        Self { path, problem }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => formatter.write_str(&self.problem),
            path => write!(formatter, "{path}: {}", self.problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_path_from_the_root() {
        let error = ConfigError::new("regex", "it does not compile").under("[2]").under("routes");
        assert_eq!(error.to_string(), "routes[2].regex: it does not compile");
        assert_eq!(ConfigError::new("", "no JSON").to_string(), "no JSON");
        assert_eq!(ConfigError::new("", "gone").under("upstreams[\"a\"]").path, "upstreams[\"a\"]");
    }
}
