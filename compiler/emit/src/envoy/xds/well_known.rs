//! Scalars whose protojson differs from plain JSON, and the empty message.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// `google.protobuf.Duration`: seconds with 3, 6 or 9 digits after the point, as Go prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration(pub(crate) std::time::Duration);

impl Duration {
    /// Whole seconds.
    pub(crate) const fn seconds(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// Milliseconds.
    pub(crate) const fn millis(millis: u64) -> Self {
        Self(std::time::Duration::from_millis(millis))
    }
}

impl From<std::time::Duration> for Duration {
    fn from(duration: std::time::Duration) -> Self {
        Self(duration)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        match nanos {
            0 => serializer.collect_str(&format_args!("{seconds}s")),
            _ if nanos % 1_000_000 == 0 => {
                serializer.collect_str(&format_args!("{seconds}.{:03}s", nanos / 1_000_000))
            }
            _ if nanos % 1_000 == 0 => {
                serializer.collect_str(&format_args!("{seconds}.{:06}s", nanos / 1_000))
            }
            _ => serializer.collect_str(&format_args!("{seconds}.{nanos:09}s")),
        }
    }
}

/// A 64-bit integer, which protojson prints as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Int64(pub(crate) u64);

impl Serialize for Int64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A `double`, printed without a fraction when it has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Double(pub(crate) f64);

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Integers up to 2^53 are exact in a double; larger ones keep the form with an exponent.
        if self.0.fract() == 0.0 && self.0.abs() < 9_007_199_254_740_992.0 {
            #[allow(clippy::cast_possible_truncation, reason = "integral and within 53 bits")]
            let integer = self.0 as i64;
            serializer.serialize_i64(integer)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

message! {
    /// A message without fields, or of which none is set.
    Empty {}
}

/// A message that is printed already, shared by everything that holds it.
#[derive(Debug, Clone)]
pub(crate) struct Printed(pub(crate) Arc<RawValue>);

impl Printed {
    /// Prints a message.
    pub(crate) fn of(message: &impl Serialize) -> Self {
        // The messages hold nothing that JSON cannot: keys are strings and numbers are finite.
        Self(serde_json::value::to_raw_value(message).expect("a message without maps of other keys").into())
    }

    /// Where it is in memory, which tells shared prints apart.
    pub(crate) fn address(&self) -> usize {
        self.0.get().as_ptr().addr()
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Printed {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Serialize for Printed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
