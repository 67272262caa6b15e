//! Values of flags as istiod reads them.

use super::RemoteJwks;
use crate::Duration;

/// A type of flag.
pub(super) trait FlagValue: Sized {
    /// What a value looks like, for a message.
    const EXPECTED: &'static str;

    /// Reads a value.
    fn read(text: &str) -> Option<Self>;
}

impl FlagValue for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn read(text: &str) -> Option<Self> {
        match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
            _ => None,
        }
    }
}

impl FlagValue for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FlagValue for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &Self| number.is_finite())
    }
}

impl FlagValue for String {
    const EXPECTED: &'static str = "a text";

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl FlagValue for Duration {
    const EXPECTED: &'static str = "a span of time, as `15s`";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FlagValue for RemoteJwks {
    const EXPECTED: &'static str = "`istiod`, `hybrid` or `envoy`";

    fn read(text: &str) -> Option<Self> {
        match text {
            "false" | "istiod" => Some(Self::Istiod),
            "true" | "hybrid" => Some(Self::Hybrid),
            "envoy" => Some(Self::Envoy),
            _ => None,
        }
    }
}
