//! Spans of time as Kubernetes and Istio objects write them.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A span of time that is not negative, with nanosecond precision.
///
/// Reads what Istio's API reads: numbers with units as in Go (`1h30m`, `1.5s`, `100ms`, `0`), which include
/// the protobuf spelling (`1.500s`). Prints the protobuf spelling as Envoy and protobuf do: seconds with 0,
/// 3, 6 or 9 digits after the point. Spans over 2^63-1 ns (292 years) are refused, as Go refuses them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub std::time::Duration);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(std::time::Duration::ZERO);

    /// A span of whole milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(std::time::Duration::from_millis(millis))
    }

    /// A span of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }
}

/// Why a text is not a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DurationError {
    /// It is not numbers with units.
    Syntax,
    /// It is negative.
    Negative,
    /// It is longer than 292 years.
    Overflow,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => {
                "not a duration: expected numbers with units (ns, us, ms, s, m, h), as `1.5s` or `1h30m`"
            }
            Self::Negative => "a duration must not be negative",
            Self::Overflow => "a duration must not be longer than 292 years",
        })
    }
}

impl std::error::Error for DurationError {}

/// Nanoseconds that fit; Go counts them in an i64.
const MAX_NANOS: u128 = i64::MAX as u128;

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(DurationError::Syntax);
        }
        let mut nanos: u128 = 0;
        while !rest.is_empty() {
            let (part, after) = component(rest)?;
            nanos += part;
            if nanos > MAX_NANOS {
                return Err(DurationError::Overflow);
            }
            rest = after;
        }
        if negative && nanos > 0 {
            return Err(DurationError::Negative);
        }
        let nanos = u64::try_from(nanos).map_err(|_| DurationError::Overflow)?;
        Ok(Self(std::time::Duration::from_nanos(nanos)))
    }
}

/// Reads one number with its unit and returns its nanoseconds and the text after it.
fn component(text: &str) -> Result<(u128, &str), DurationError> {
    let (whole, after_whole) = digits(text);
    let (fraction, after) = match after_whole.strip_prefix('.') {
        Some(after_point) => digits(after_point),
        None => ("", after_whole),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::Syntax);
    }
    let unit_length = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
    let (unit, rest) = after.split_at(unit_length);
    let unit: u128 = match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(DurationError::Syntax),
    };
    let whole =
        if whole.is_empty() { 0 } else { whole.parse::<u64>().map_err(|_| DurationError::Overflow)? };
    let nanos = u128::from(whole) * unit + fraction_of(fraction, unit);
    Ok((nanos, rest))
}

/// Splits the leading decimal digits off.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// The part of a unit that the digits after a point stand for; digits below one nanosecond are cut off.
fn fraction_of(digits: &str, unit: u128) -> u128 {
    let mut value = 0;
    let mut scale: u128 = 1;
    for digit in digits.bytes().take(18) {
        value = value * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    value * unit / scale
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        if nanos == 0 {
            write!(f, "{seconds}s")
        } else if nanos % 1_000_000 == 0 {
            write!(f, "{seconds}.{:03}s", nanos / 1_000_000)
        } else if nanos % 1_000 == 0 {
            write!(f, "{seconds}.{:06}s", nanos / 1_000)
        } else {
            write!(f, "{seconds}.{nanos:09}s")
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DurationVisitor)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `1.5s` or `1h30m`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        text.parse().map_err(|error| E::custom(format_args!("`{text}` is {error}")))
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A span of time: numbers with units, as `1.5s`, `100ms` or `1h30m`."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, DurationError};

    fn printed(text: &str) -> Result<String, DurationError> {
        text.parse::<Duration>().map(|duration| duration.to_string())
    }

    #[test]
    fn go_and_protobuf_spellings_print_as_protobuf() {
        for (text, expected) in [
            ("0", "0s"),
            ("0s", "0s"),
            ("10s", "10s"),
            ("100ms", "0.100s"),
            ("1.5s", "1.500s"),
            ("1.s", "1s"),
            (".5s", "0.500s"),
            ("+2m", "120s"),
            ("1h30m", "5400s"),
            ("1.5h", "5400s"),
            ("15us", "0.000015s"),
            ("15\u{b5}s", "0.000015s"),
            ("1s1ns", "1.000000001s"),
            ("0.1234567891s", "0.123456789s"),
            ("-0s", "0s"),
        ] {
            assert_eq!(printed(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn texts_that_go_refuses_are_refused() {
        for text in ["", "s", "5", "1.5", "1 s", "1d", "abc", ".s", "1s2", "1S", "+"] {
            assert_eq!(printed(text), Err(DurationError::Syntax), "{text}");
        }
        assert_eq!(printed("-1s"), Err(DurationError::Negative));
        assert_eq!(printed("9999999999h"), Err(DurationError::Overflow));
        assert_eq!(printed("99999999999999999999s"), Err(DurationError::Overflow));
    }

    #[test]
    fn serde_goes_through_the_text() {
        let duration: Duration = serde_json::from_str("\"1m\"").unwrap();
        assert_eq!(serde_json::to_string(&duration).unwrap(), "\"60s\"");
        let error = serde_json::from_str::<Duration>("\"soon\"").unwrap_err().to_string();
        assert!(error.contains("`soon` is not a duration"), "{error}");
    }
}
