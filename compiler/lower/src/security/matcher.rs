//! Values of policies as matchers: `*`, `prefix*`, `*suffix` and exact texts, addresses and ports
//! (`pilot/pkg/security/authz/matcher`).

use std::net::IpAddr;

use meshc_plan::{HeaderMatch, MetadataValue, StringMatch, ValueMatch};

/// What any text matches that is not empty.
const ANYTHING: &str = ".+";

/// A text with a wildcard at one of its ends, or the wildcard alone.
pub(super) fn text(value: &str) -> StringMatch {
    text_behind("", value)
}

/// As [`text`], for values that stand behind a fixed text.
pub(super) fn text_behind(fixed: &str, value: &str) -> StringMatch {
    if value == "*" {
        return StringMatch::Regex(ANYTHING.into());
    }
    if let Some(suffix) = value.strip_prefix('*') {
        return if fixed.is_empty() {
            StringMatch::Suffix(suffix.to_owned())
        } else {
            StringMatch::Regex(format!("{fixed}.*{}", quoted(suffix)).into())
        };
    }
    match value.strip_suffix('*') {
        Some(prefix) => StringMatch::Prefix(format!("{fixed}{prefix}")),
        None => StringMatch::Exact(format!("{fixed}{value}")),
    }
}

/// A header; the wildcard alone asks only that it is there.
pub(super) fn header(name: &str, value: &str) -> HeaderMatch {
    header_with(name, value, |text| text)
}

/// A header whose case does not count.
pub(super) fn header_ignoring_case(name: &str, value: &str) -> HeaderMatch {
    header_with(name, value, |text| StringMatch::IgnoreCase(Box::new(text)))
}

fn header_with(name: &str, value: &str, wrap: fn(StringMatch) -> StringMatch) -> HeaderMatch {
    let value = if value == "*" { ValueMatch::Present } else { ValueMatch::Text(wrap(text(value))) };
    HeaderMatch { name: name.to_owned(), value, invert: false, missing_is_empty: false }
}

/// One of several values; a single one stands for itself.
pub(super) fn one_of(mut values: Vec<MetadataValue>) -> MetadataValue {
    match values.pop() {
        Some(only) if values.is_empty() => only,
        Some(last) => {
            values.push(last);
            MetadataValue::Or(values)
        }
        None => MetadataValue::Or(values),
    }
}

/// A network: an address, or a block of them.
pub(super) fn network(value: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address.parse::<IpAddr>().ok()?, Some(length.parse::<u8>().ok()?)),
        None => (value.parse().ok()?, None),
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(longest);
    (length <= longest).then_some((address, length))
}

/// A text within an RE2 expression. RE2 knows fewer special characters than the `regex` crate, and Istio writes only those.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}

/// A text whose wildcards may stand anywhere, within an RE2 expression.
pub(super) fn quoted_with_wildcards(text: &str, wildcard: &str) -> String {
    text.split('*').map(quoted).collect::<Vec<_>>().join(wildcard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_counts_at_the_ends_only() {
        assert_eq!(text("*"), StringMatch::Regex(".+".into()));
        assert_eq!(text("*.com"), StringMatch::Suffix(".com".to_owned()));
        assert_eq!(text("a*"), StringMatch::Prefix("a".to_owned()));
        assert_eq!(text("a*b"), StringMatch::Exact("a*b".to_owned()));
    }

    #[test]
    fn a_suffix_behind_a_fixed_text_is_an_expression() {
        let suffix = text_behind("spiffe://", "*/sa/a.b");
        assert_eq!(suffix, StringMatch::Regex(r"spiffe://.*/sa/a\.b".into()));
    }

    #[test]
    fn an_address_is_a_block_of_one() {
        assert_eq!(network("10.0.0.1"), Some(("10.0.0.1".parse().unwrap(), 32)));
        assert_eq!(network("2001:db8::/32"), Some(("2001:db8::".parse().unwrap(), 32)));
        for text in ["10.0.0.0/33", "10.0.0", "", "a/8"] {
            assert_eq!(network(text), None, "{text}");
        }
    }
}
