//! Operators that look at headers: `%REQ(NAME?OTHER)%` and its kin.

use std::borrow::Cow;
use std::fmt::Write as _;

use ::http::{HeaderMap, HeaderName};

use super::super::{HttpRecord, Record};
use super::Said;

/// A header, or another one where it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    first: Name,
    otherwise: Option<Name>,
}

/// A header by name; pseudo headers are what HTTP/1 writes into its first line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Method,
    Path,
    Authority,
    Scheme,
    Status,
    Header(HeaderName),
}

impl Header {
    /// Reads `NAME` or `NAME?OTHER`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (first, otherwise) = match text.split_once('?') {
            Some((first, otherwise)) => (first, Some(Name::parse(otherwise)?)),
            None => (text, None),
        };
        Ok(Self { first: Name::parse(first)?, otherwise })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &HeaderName> {
        std::iter::once(&self.first).chain(&self.otherwise).filter_map(|one| match one {
            Name::Header(name) => Some(name),
            _ => None,
        })
    }

    pub(super) fn of<'r>(&'r self, record: &'r Record, headers: Option<&'r HeaderMap>) -> Said<'r> {
        let (Some(http), Some(headers)) = (record.http.as_deref(), headers) else { return Said::Nothing };
        match self.first.of(record, http, headers) {
            Said::Nothing => {
                self.otherwise.as_ref().map_or(Said::Nothing, |name| name.of(record, http, headers))
            }
            found => found,
        }
    }
}

impl Name {
    fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            ":method" => Ok(Self::Method),
            ":path" => Ok(Self::Path),
            ":authority" | "host" => Ok(Self::Authority),
            ":scheme" => Ok(Self::Scheme),
            ":status" => Ok(Self::Status),
            name => HeaderName::from_bytes(name.as_bytes())
                .map(Self::Header)
                .map_err(|_| format!("`{text}` is no name of a header")),
        }
    }

    fn of<'r>(&self, record: &Record, http: &'r HttpRecord, headers: &'r HeaderMap) -> Said<'r> {
        let text = match self {
            Self::Method => http.method.as_str(),
            Self::Path => &http.path,
            Self::Authority => &http.authority,
            Self::Scheme => http.scheme,
            Self::Status => return Said::Number(record.response_code.into()),
            Self::Header(name) => return values(headers, name),
        };
        if text.is_empty() { Said::Nothing } else { Said::Text(Cow::Borrowed(text)) }
    }
}

/// All values of a header, joined by commas.
fn values<'r>(headers: &'r HeaderMap, name: &HeaderName) -> Said<'r> {
    let mut found = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    match (found.next(), found.next()) {
        (None, _) => Said::Nothing,
        (Some(one), None) => Said::Text(one),
        (Some(first), Some(second)) => {
            let mut joined = format!("{first},{second}");
            for value in found {
                let _ = write!(joined, ",{value}");
            }
            Said::Text(Cow::Owned(joined))
        }
    }
}
