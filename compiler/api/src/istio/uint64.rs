//! Whole numbers of 64 bits, which protobuf's JSON writes as strings because JavaScript cannot hold them.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a number, or a string of digits; for `#[serde(deserialize_with = "...")]`.
///
/// # Errors
///
/// Where the value is neither, or does not fit.
pub(super) fn uint64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Option::<Uint64>::deserialize(deserializer).map(|value| value.map(|Uint64(value)| value))
}

struct Uint64(u64);

impl<'de> Deserialize<'de> for Uint64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Uint64Visitor)
    }
}

struct Uint64Visitor;

impl Visitor<'_> for Uint64Visitor {
    type Value = Uint64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number that is not negative")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Uint64, E> {
        Ok(Uint64(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Uint64, E> {
        u64::try_from(value).map(Uint64).map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Uint64, E> {
        text.parse().map(Uint64).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use crate::istio::RingHash;

    #[test]
    fn numbers_and_strings_of_digits_are_read() {
        for text in [r#"{"minimumRingSize": 1024}"#, r#"{"minimumRingSize": "1024"}"#] {
            let ring: RingHash = serde_json::from_str(text).unwrap();
            assert_eq!(ring.minimum_ring_size, Some(1024), "{text}");
        }
        assert_eq!(
            serde_json::from_str::<RingHash>(r#"{"minimumRingSize": null}"#).unwrap(),
            RingHash::default()
        );
        for text in [r#"{"minimumRingSize": -1}"#, r#"{"minimumRingSize": "many"}"#] {
            assert!(serde_json::from_str::<RingHash>(text).is_err(), "{text}");
        }
    }
}
