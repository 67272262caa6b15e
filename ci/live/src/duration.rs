//! Durations as scenarios write them: `250ms`, `2s`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};

/// Reads a whole number with `ms` or `s`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if let Some(number) = text.strip_suffix("ms") {
        number.parse().ok().map(Duration::from_millis)
    } else {
        text.strip_suffix('s')?.parse().ok().map(Duration::from_secs)
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a duration such as 250ms or 2s")))
}

pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{}ms", duration.as_millis()))
}

/// The same for a field that may be absent.
pub(crate) mod option {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let read = |text: String| {
            super::parse(&text).ok_or_else(|| {
                serde::de::Error::custom(format!("`{text}` is not a duration such as 250ms or 2s"))
            })
        };
        text.map(read).transpose()
    }

    pub(crate) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_and_seconds_are_read_and_nothing_else() {
        assert_eq!(parse("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse("2s"), Some(Duration::from_secs(2)));
        for text in ["", "2", "s", "-1s", "1.5s", "2m"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
