//! Durations in configuration files: seconds with up to nine decimals and an `s`, as protobuf's JSON writes them (`0.25s`).

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de};

/// Writes a duration.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&spelled(*value))
}

/// Reads a duration.
///
/// # Errors
/// If the text is not a number of seconds with an `s`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is not a duration such as 0.25s")))
}

fn spelled(value: Duration) -> String {
    let fraction = format!("{:09}", value.subsec_nanos());
    match fraction.trim_end_matches('0') {
        "" => format!("{}s", value.as_secs()),
        digits => format!("{}.{digits}s", value.as_secs()),
    }
}

fn parse(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || !digits(seconds) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    Some(Duration::new(seconds.parse().ok()?, format!("{fraction:0<9}").parse().ok()?))
}

/// The same for durations that may be absent.
pub mod optional {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes a duration or nothing.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a duration or nothing.
    ///
    /// # Errors
    /// If the text is not a number of seconds with an `s`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        #[derive(Deserialize)]
        struct Present(#[serde(with = "super")] Duration);
        Ok(Option::<Present>::deserialize(deserializer)?.map(|Present(value)| value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_they_are_spelled() {
        for (value, text) in [
            (Duration::ZERO, "0s"),
            (Duration::from_millis(250), "0.25s"),
            (Duration::from_secs(90), "90s"),
            (Duration::new(1, 1), "1.000000001s"),
        ] {
            assert_eq!(spelled(value), text);
            assert_eq!(parse(text), Some(value));
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_is_refused() {
        for text in ["", "s", "1", "-1s", "1m", "1.0000000001s", "1e3s", ".5s", "99999999999999999999s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
