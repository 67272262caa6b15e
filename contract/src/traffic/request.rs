//! A request as matchers look at it.

use std::borrow::Cow;

/// A request once its connection manager has read it and its path is normalised.
pub trait Request {
    /// Method.
    fn method(&self) -> &str;

    /// Path with its query.
    fn path(&self) -> &str;

    /// Values of a header in order; case does not count. Pseudo headers (`:method`, `:path`, `:scheme`, `:authority`) are
    /// headers too, and `host` is `:authority`.
    fn header(&self, name: &str) -> HeaderValues<'_>;
}

/// The values of one header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValues<'r> {
    /// There is no such header.
    Missing,
    /// One.
    One(Cow<'r, str>),
    /// Several, in order.
    Many(Vec<Cow<'r, str>>),
}

impl<'r> HeaderValues<'r> {
    /// The values as one text, joined by commas, as Envoy compares them.
    #[must_use]
    pub fn joined(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Missing => None,
            Self::One(value) => Some(Cow::Borrowed(value)),
            Self::Many(values) => Some(Cow::Owned(values.join(","))),
        }
    }

    /// The values one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let values: &[Cow<'r, str>] = match self {
            Self::Missing => &[],
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        };
        values.iter().map(AsRef::as_ref)
    }
}

impl<'r, V: Into<Cow<'r, str>>> FromIterator<V> for HeaderValues<'r> {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        let mut values = values.into_iter().map(Into::into);
        match (values.next(), values.next()) {
            (None, _) => Self::Missing,
            (Some(one), None) => Self::One(one),
            (Some(first), Some(second)) => Self::Many([first, second].into_iter().chain(values).collect()),
        }
    }
}

/// What policies look at before there is a request: it has no header at all.
pub(super) struct NoRequest;

impl Request for NoRequest {
    fn method(&self) -> &str {
        ""
    }

    fn path(&self) -> &str {
        ""
    }

    fn header(&self, _: &str) -> HeaderValues<'_> {
        HeaderValues::Missing
    }
}

#[cfg(test)]
pub(super) mod fixture {
    use super::{HeaderValues, Request};

    /// A request of which only headers are known, names in lower case.
    pub(crate) struct Headers<'h>(pub(crate) &'h [(&'h str, &'h str)]);

    impl Request for Headers<'_> {
        fn method(&self) -> &str {
            "GET"
        }

        fn path(&self) -> &str {
            "/"
        }

        fn header(&self, name: &str) -> HeaderValues<'_> {
            let of_name = |(header, _): &&(&str, &str)| header.eq_ignore_ascii_case(name);
            self.0.iter().filter(of_name).map(|(_, value)| *value).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::Headers;
    use super::*;

    #[test]
    fn values_of_one_name_are_joined() {
        let request = Headers(&[("end-user", "a"), ("other", "x"), ("end-user", "b")]);
        assert_eq!(request.header("END-USER").joined().as_deref(), Some("a,b"));
        assert_eq!(request.header("end-user").iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(request.header("missing"), HeaderValues::Missing);
    }
}
