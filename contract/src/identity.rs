//! Identity requests: which X.509-SVIDs a compiled mesh needs, written by `meshc build` as `identities.yaml` and
//! fulfilled by `meshc ca issue`, cert-manager or any other issuer.
//!
//! A request names everything that an issuer must know, so that it never reads Kubernetes or Istio objects.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{SpiffeId, WorkloadRef};

/// Version of [`IdentityRequests`] that this crate writes and reads.
pub const IDENTITY_REQUESTS_VERSION: u32 = 1;

/// The content of `identities.yaml`: every identity of one mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityRequests {
    /// Version of this layout, [`IDENTITY_REQUESTS_VERSION`].
    pub version: u32,
    /// Trust domain of the mesh; every request is within it.
    pub trust_domain: String,
    /// One request for each service account that a proxy runs as, ordered by SPIFFE ID.
    pub requests: Vec<IdentityRequest>,
}

/// One X.509-SVID that proxies present: the identity of a service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityRequest {
    /// The only subject alternative name of the certificate.
    #[schemars(with = "String")]
    pub spiffe_id: SpiffeId,
    /// How long a certificate is valid from the moment of its issue.
    #[schemars(with = "String")]
    pub ttl: Lifetime,
    /// Workloads whose proxies present this identity, ordered.
    pub workloads: Vec<WorkloadRef>,
    /// The Kubernetes Secret that these proxies mount at `/var/run/secrets/meshc`, with the keys `tls.crt`
    /// (leaf, then intermediates), `tls.key` and `ca.crt` (all active roots).
    pub secret: SecretRef,
}

/// A Kubernetes Secret. A pod mounts only Secrets of its own namespace, so this is the namespace of the identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// Namespace of the Secret.
    pub namespace: String,
    /// `metadata.name` of the Secret, `meshc-sa-<service account>` unless that would be longer than a name may be.
    pub name: String,
}

/// How long a certificate is valid: whole seconds, more than none, spelled as `24h`, `90m` or `30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime {
    seconds: u64,
}

impl Lifetime {
    const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

    /// 24 hours: what Istio gives a workload (`DEFAULT_WORKLOAD_CERT_TTL`).
    pub const ISTIO_DEFAULT: Self = Self { seconds: 86_400 };

    /// A lifetime of that many seconds; `None` for no seconds at all.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Option<Self> {
        if seconds == 0 { None } else { Some(Self { seconds }) }
    }

    /// The lifetime in seconds, at least 1.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.seconds
    }
}

/// Days are written only where hours would be hard to read: `24h` stays `24h`, `720h` becomes `30d`.
impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |&&(unit, size): &&(char, u64)| {
            self.seconds.is_multiple_of(size) && (unit != 'd' || self.seconds >= 2 * size)
        };
        let (unit, size) = Self::UNITS.iter().find(fits).copied().unwrap_or(('s', 1));
        write!(f, "{}{unit}", self.seconds / size)
    }
}

/// Why a text is not a lifetime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifetimeError {
    /// The text that was refused.
    pub text: String,
}

impl fmt::Display for LifetimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a lifetime: write a whole number with d, h, m or s, such as 30d, 24h or 1h30m",
            self.text
        )
    }
}

impl std::error::Error for LifetimeError {}

impl std::str::FromStr for Lifetime {
    type Err = LifetimeError;

    /// Reads one or more numbers, each with its unit and each unit smaller than the one before (`1h30m`), as Go's
    /// durations are written, and `d` for days besides.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || LifetimeError { text: text.to_owned() };
        let mut rest = text;
        let mut units = Self::UNITS.iter();
        let mut seconds: u64 = 0;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
            let number: u64 = rest[..end].parse().map_err(|_| refuse())?;
            let unit = rest[end..].chars().next().ok_or_else(refuse)?;
            let &(_, size) = units.find(|&&(name, _)| name == unit).ok_or_else(refuse)?;
            seconds = number.checked_mul(size).and_then(|n| n.checked_add(seconds)).ok_or_else(refuse)?;
            rest = &rest[end + unit.len_utf8()..];
        }
        Self::from_seconds(seconds).ok_or_else(refuse)
    }
}

impl Serialize for Lifetime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_reads_as_go_durations_and_days_are_written() {
        for (text, seconds, printed) in [
            ("24h", 86_400, "24h"),
            ("30d", 2_592_000, "30d"),
            ("720h", 2_592_000, "30d"),
            ("1h30m", 5_400, "90m"),
            ("1d12h", 129_600, "36h"),
            ("61s", 61, "61s"),
        ] {
            let lifetime: Lifetime = text.parse().unwrap();
            assert_eq!(lifetime.seconds(), seconds, "{text}");
            assert_eq!(lifetime.to_string(), printed, "{text}");
        }
    }

    #[test]
    fn a_text_that_states_no_time_is_refused() {
        for text in
            ["", "0s", "0h0m", "24", "h", "-1h", "1.5h", "30m1h", "1h1h", "1w", "1é", "99999999999999999999d"]
        {
            let error = text.parse::<Lifetime>().unwrap_err();
            assert!(error.to_string().contains("24h"), "{error}");
        }
    }

    #[test]
    fn the_largest_number_of_days_that_overflows_is_refused() {
        assert!("213503982334602d".parse::<Lifetime>().is_err());
        assert!("213503982334601d".parse::<Lifetime>().is_ok());
    }
}
