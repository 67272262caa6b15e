//! Response flags: why a request or a connection did not go as it should (Envoy's `%RESPONSE_FLAGS%`).

use std::borrow::Cow;
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// A set of response flags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flags(u32);

/// Names in the order in which Envoy writes them.
const NAMES: [(&str, &str); 22] = [
    ("LH", "FailedLocalHealthCheck"),
    ("UH", "NoHealthyUpstream"),
    ("UT", "UpstreamRequestTimeout"),
    ("LR", "LocalReset"),
    ("UR", "UpstreamRemoteReset"),
    ("UF", "UpstreamConnectionFailure"),
    ("UC", "UpstreamConnectionTermination"),
    ("UO", "UpstreamOverflow"),
    ("NR", "NoRouteFound"),
    ("DI", "DelayInjected"),
    ("FI", "FaultInjected"),
    ("UAEX", "UnauthorizedExternalService"),
    ("DC", "DownstreamConnectionTermination"),
    ("URX", "UpstreamRetryLimitExceeded"),
    ("SI", "StreamIdleTimeout"),
    ("IH", "InvalidEnvoyRequestHeaders"),
    ("DPE", "DownstreamProtocolError"),
    ("UMSDR", "UpstreamMaxStreamDurationReached"),
    ("DT", "DurationTimeout"),
    ("UPE", "UpstreamProtocolError"),
    ("NC", "NoClusterFound"),
    ("DR", "DownstreamRemoteReset"),
];

impl Flags {
    /// None.
    pub(crate) const NONE: Self = Self(0);
    /// No healthy endpoint.
    pub(crate) const NO_HEALTHY_UPSTREAM: Self = Self(1 << 1);
    /// The upstream did not answer in time.
    pub(crate) const UPSTREAM_TIMEOUT: Self = Self(1 << 2);
    /// The upstream reset the stream.
    pub(crate) const UPSTREAM_RESET: Self = Self(1 << 4);
    /// No connection to the upstream.
    pub(crate) const UPSTREAM_CONNECTION_FAILURE: Self = Self(1 << 5);
    /// The upstream closed the connection.
    pub(crate) const UPSTREAM_TERMINATION: Self = Self(1 << 6);
    /// A limit of the upstream was reached.
    pub(crate) const UPSTREAM_OVERFLOW: Self = Self(1 << 7);
    /// No route, or no filter chain.
    pub(crate) const NO_ROUTE: Self = Self(1 << 8);
    /// A delay was injected.
    pub(crate) const DELAY_INJECTED: Self = Self(1 << 9);
    /// A fault was injected.
    pub(crate) const FAULT_INJECTED: Self = Self(1 << 10);
    /// The client went away.
    pub(crate) const DOWNSTREAM_TERMINATION: Self = Self(1 << 12);
    /// Retries were used up.
    pub(crate) const RETRY_LIMIT: Self = Self(1 << 13);
    /// Nothing moved on the stream for too long.
    pub(crate) const STREAM_IDLE_TIMEOUT: Self = Self(1 << 14);
    /// The client broke the protocol.
    pub(crate) const DOWNSTREAM_PROTOCOL_ERROR: Self = Self(1 << 16);
    /// The longest duration of a connection or stream was reached.
    pub(crate) const DURATION_TIMEOUT: Self = Self(1 << 18);
    /// The upstream broke the protocol.
    pub(crate) const UPSTREAM_PROTOCOL_ERROR: Self = Self(1 << 19);
    /// The upstream of the route does not exist.
    pub(crate) const NO_CLUSTER: Self = Self(1 << 20);

    /// The flag of a name (`UF`); `None` for one that there is not.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        NAMES.iter().position(|(short, _)| *short == name).map(|at| Self(1 << at))
    }

    /// Whether no flag is set.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one of some flags is set.
    pub(crate) const fn intersects(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// `UF,URX`, or `-`.
    pub(crate) fn short(self) -> Cow<'static, str> {
        self.spell(|(short, _)| short)
    }

    /// `UpstreamConnectionFailure`, or `-`.
    pub(crate) fn long(self) -> Cow<'static, str> {
        self.spell(|(_, long)| long)
    }

    fn spell(self, name: impl Fn((&'static str, &'static str)) -> &'static str) -> Cow<'static, str> {
        let mut set = NAMES.iter().enumerate().filter(|(at, _)| self.0 & (1 << at) != 0);
        match (set.next(), self.0.count_ones()) {
            (None, _) => Cow::Borrowed("-"),
            (Some((_, one)), 1) => Cow::Borrowed(name(*one)),
            (Some((_, first)), _) => {
                let rest = set.map(|(_, one)| name(*one));
                Cow::Owned(std::iter::once(name(*first)).chain(rest).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_spelled_in_the_order_of_envoy() {
        assert_eq!(Flags::NONE.short(), "-");
        assert_eq!(Flags::UPSTREAM_TIMEOUT.short(), "UT");
        assert_eq!((Flags::RETRY_LIMIT | Flags::UPSTREAM_CONNECTION_FAILURE).short(), "UF,URX");
        assert_eq!(Flags::NO_CLUSTER.long(), "NoClusterFound");
    }

    #[test]
    fn a_flag_is_found_by_its_name() {
        assert_eq!(Flags::of_name("NR"), Some(Flags::NO_ROUTE));
        assert_eq!(Flags::of_name("DPE"), Some(Flags::DOWNSTREAM_PROTOCOL_ERROR));
        assert_eq!(Flags::of_name("XX"), None);
    }
}
