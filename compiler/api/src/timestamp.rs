//! Points in time as Kubernetes writes them.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// A point in time from an RFC 3339 text (`2026-08-22T10:00:00Z`, `2026-08-22T12:00:00.5+02:00`), with nanosecond
/// precision; digits behind the ninth are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
    seconds: i64,
    nanoseconds: u32,
}

/// A text is not an RFC 3339 point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampError;

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a point in time: expected RFC 3339, as `2026-08-22T10:00:00Z`")
    }
}

impl std::error::Error for TimestampError {}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        parse(text.as_bytes()).ok_or(TimestampError)
    }
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (time, rest) = rest.split_at_checked(9)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *date else { return None };
    let [b'T' | b't', h1, h2, b':', n1, n2, b':', s1, s2] = *time else { return None };
    let year = number(&[y1, y2, y3, y4], 9999)?;
    let month = number(&[m1, m2], 12)?;
    let day = number(&[d1, d2], 31)?;
    let hour = number(&[h1, h2], 23)?;
    let minute = number(&[n1, n2], 59)?;
    let second = number(&[s1, s2], 60)?;
    if month == 0 || day == 0 || day > days_of_month(year, month) {
        return None;
    }
    let (nanoseconds, zone) = fraction(rest)?;
    let days = days_since_1970(year, month, day);
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(Timestamp { seconds, nanoseconds })
}

/// Digits as a number, if it is not above the limit.
fn number(digits: &[u8], limit: i64) -> Option<i64> {
    let value = digits
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))?;
    (value <= limit).then_some(value)
}

/// The nanoseconds behind the point, and what follows them.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.', digits @ ..] = text else { return Some((0, text)) };
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, zone) = digits.split_at_checked(len).filter(|_| len > 0)?;
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = padded.fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    Some((nanoseconds, zone))
}

/// Seconds by which a zone is ahead of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    match *zone {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let seconds = number(&[h1, h2], 23)? * 3_600 + number(&[m1, m2], 59)? * 60;
            Some(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar. Years begin in March, so that the leap day is the last of a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(i64, u32)> {
        text.parse::<Timestamp>().ok().map(|time| (time.seconds, time.nanoseconds))
    }

    #[test]
    fn known_points_in_time_have_their_seconds() {
        assert_eq!(read("1970-01-01T00:00:00Z"), Some((0, 0)));
        assert_eq!(read("2000-02-29T00:00:00Z"), Some((951_782_400, 0)));
        assert_eq!(read("2026-08-22T10:00:00Z"), Some((1_787_392_800, 0)));
        assert_eq!(read("1969-12-31T23:59:59Z"), Some((-1, 0)));
    }

    #[test]
    fn zones_and_fractions_count() {
        assert_eq!(read("2026-08-22T12:00:00.5+02:00"), Some((1_787_392_800, 500_000_000)));
        assert_eq!(read("2026-08-22T09:30:00.0000000019-00:30"), Some((1_787_392_800, 1)));
    }

    #[test]
    fn what_is_not_a_point_in_time_is_refused() {
        for text in [
            "",
            "2026-08-22",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-08-22T10:00:00",
            "2026-08-22 10:00:00Z",
            "2026-08-22T10:00:00.Z",
            "2026-08-22T10:00:00+2:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
