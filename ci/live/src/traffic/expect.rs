//! What must come of a call.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::exchange::FailureKind;

/// Verdict of a call, or of the calls that the answering application made to one host. What is absent is not looked at; every
/// repetition must fulfil what is stated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Expect {
    /// HTTP status.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    /// Statuses with their share of the repetitions in per cent.
    #[serde(default)]
    pub(crate) statuses: BTreeMap<u16, f64>,
    /// Nothing answers, for one of these reasons.
    #[serde(default)]
    pub(crate) fails: Vec<FailureKind>,
    /// The workload that answers, `<namespace>.<workload>`; for TCP this says that something answers at all.
    #[serde(default)]
    pub(crate) served_by: Option<String>,
    /// Workloads that answer with their share in per cent. Any other is wrong.
    #[serde(default)]
    pub(crate) split: BTreeMap<String, f64>,
    /// Whether one and the same workload answers all repetitions, whichever it is.
    #[serde(default)]
    pub(crate) same_server: bool,
    /// How many points a share may differ from what is stated; 3 by default.
    #[serde(default)]
    pub(crate) within: Option<f64>,
    /// Headers of the answer; `null`: absent.
    #[serde(default)]
    pub(crate) response_headers: BTreeMap<String, Option<String>>,
    /// Text within an answer that is no echo.
    #[serde(default)]
    pub(crate) body: Option<String>,
    /// Headers that the answering application received; `null`: absent.
    #[serde(default)]
    pub(crate) received_headers: BTreeMap<String, Option<String>>,
    /// Texts within headers that the answering application received, for values that hold more than can be known.
    #[serde(default)]
    pub(crate) received_contains: BTreeMap<String, String>,
    /// Path that the answering application received.
    #[serde(default)]
    pub(crate) received_path: Option<String>,
    /// What the answering application was spoken to in: `HTTP/1.1`, `HTTP/2.0`, `TCP`.
    #[serde(default)]
    pub(crate) received_protocol: Option<String>,
    /// Host that the answering application received.
    #[serde(default)]
    pub(crate) received_authority: Option<String>,
    /// The least time that each takes.
    #[serde(default, with = "crate::duration::option")]
    pub(crate) at_least: Option<Duration>,
    /// The most time that each takes.
    #[serde(default, with = "crate::duration::option")]
    pub(crate) at_most: Option<Duration>,
    /// Verdicts of the calls that the answering application made, by the host of their URL.
    #[serde(default)]
    pub(crate) upstream: BTreeMap<String, Expect>,
    /// How many requests reached which application, over all repetitions: attempts, mirrored requests, or none.
    #[serde(default)]
    pub(crate) seen: BTreeMap<String, SeenExpect>,
}

/// What reached an application.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SeenExpect {
    /// How many requests.
    pub(crate) requests: Count,
    /// Host of the last one.
    #[serde(default)]
    pub(crate) authority: Option<String>,
    /// Path of the last one.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// Headers of the last one; `null`: absent.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Option<String>>,
}

/// A number, or its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    /// At least.
    pub(crate) least: u64,
    /// At most.
    pub(crate) most: u64,
}

/// The bounds as they are written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bounds {
    #[serde(default)]
    at_least: u64,
    #[serde(default = "unbounded")]
    at_most: u64,
}

fn unbounded() -> u64 {
    u64::MAX
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Count;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of requests, or {atLeast, atMost}")
            }

            fn visit_u64<E: serde::de::Error>(self, exactly: u64) -> Result<Count, E> {
                Ok(Count { least: exactly, most: exactly })
            }

            fn visit_i64<E: serde::de::Error>(self, exactly: i64) -> Result<Count, E> {
                self.visit_u64(u64::try_from(exactly).map_err(E::custom)?)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Count, A::Error> {
                let Bounds { at_least, at_most } =
                    Bounds::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Count { least: at_least, most: at_most })
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl Count {
    /// Whether a number is within the bounds.
    pub(crate) fn holds(self, number: u64) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.least, self.most) {
            (least, most) if least == most => write!(f, "{least}"),
            (least, u64::MAX) => write!(f, "at least {least}"),
            (least, most) => write!(f, "{least} to {most}"),
        }
    }
}

impl Expect {
    /// How many points a share may differ.
    pub(crate) fn tolerance(&self) -> f64 {
        self.within.unwrap_or(3.0)
    }

    /// Whether the verdict says anything, and nothing contradictory.
    pub(super) fn check(&self) -> Result<(), String> {
        let answers = self.status.is_some()
            || !self.statuses.is_empty()
            || self.served_by.is_some()
            || !self.split.is_empty()
            || self.same_server
            || !self.upstream.is_empty()
            || !self.received_headers.is_empty()
            || self.received_path.is_some()
            || self.body.is_some();
        match (answers, self.fails.is_empty()) {
            (false, true) => Err("expects neither an answer nor a failure".to_owned()),
            (true, false) => Err("expects an answer and a failure at once".to_owned()),
            _ => self.upstream.values().try_for_each(Self::check),
        }
    }
}
