//! Outlier detection: endpoints that fail again and again take no traffic for a while. The rules are Envoy's.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use meshc_contract::proxy::OutlierDetection;
use meshc_contract::traffic::StringMatch;
use tokio::time::Instant;

/// What became of a request or connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The endpoint answered with this status (of gRPC: the HTTP status that Envoy makes of it).
    Status(u16),
    /// A TCP connection was made and used.
    Success,
    /// No connection could be made, TLS included.
    ConnectFailure,
    /// No answer in time.
    Timeout,
    /// The endpoint reset the connection or stream before an answer.
    Reset,
}

/// What is counted for an endpoint.
#[derive(Debug, Default)]
pub(super) struct Monitor {
    errors: AtomicU32,
    gateway_errors: AtomicU32,
    local_errors: AtomicU32,
}

impl Monitor {
    /// Forgets everything.
    pub(super) fn reset(&self) {
        for counter in [&self.errors, &self.gateway_errors, &self.local_errors] {
            clear(counter);
        }
    }
}

/// Most requests succeed: reading a zero is cheaper than writing one that other threads must hear of.
fn clear(counter: &AtomicU32) {
    if counter.load(Ordering::Relaxed) != 0 {
        counter.store(0, Ordering::Relaxed);
    }
}

/// The settings of outlier detection with their defaults.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    errors: u32,
    gateway_errors: u32,
    local_errors: u32,
    split: bool,
    codes: Vec<StringMatch>,
    interval: Duration,
    base: Duration,
    max_percent: u32,
    /// When the first sweep would be due, less the interval.
    epoch: Instant,
}

/// The longest ejection, unless the shortest is longer (Envoy's `max_ejection_time`).
const MAX_EJECTION: Duration = Duration::from_secs(300);

impl Detector {
    pub(super) fn compile(settings: &OutlierDetection) -> Self {
        let OutlierDetection {
            consecutive_5xx,
            consecutive_gateway,
            split_local_origin,
            consecutive_local_origin,
            interval,
            base_ejection_time,
            max_ejection_percent,
            error_codes,
        } = settings;
        let interval = interval.unwrap_or(Duration::from_secs(10));
        Self {
            errors: consecutive_5xx.unwrap_or(5),
            gateway_errors: consecutive_gateway.unwrap_or(0),
            local_errors: consecutive_local_origin.unwrap_or(5),
            split: *split_local_origin,
            codes: error_codes.clone(),
            interval: interval.max(Duration::from_millis(1)),
            base: base_ejection_time.unwrap_or(Duration::from_secs(30)),
            max_percent: max_ejection_percent.unwrap_or(10).min(100),
            epoch: Instant::now(),
        }
    }

    /// Counts an outcome; whether the endpoint is to be ejected. Its counters begin anew then.
    pub(super) fn trips(&self, monitor: &Monitor, outcome: Outcome) -> bool {
        let tripped = match outcome {
            Outcome::Status(code) => {
                // An answer is a connection that was made.
                clear(&monitor.local_errors);
                self.trips_by_status(monitor, code)
            }
            Outcome::Success if self.split => {
                clear(&monitor.local_errors);
                false
            }
            Outcome::Success => self.counts(monitor, false, false),
            Outcome::ConnectFailure | Outcome::Timeout | Outcome::Reset if self.split => {
                count(&monitor.local_errors, self.local_errors)
            }
            // Envoy makes 503 and 504 of them.
            Outcome::ConnectFailure | Outcome::Timeout | Outcome::Reset => self.counts(monitor, true, true),
        };
        if tripped {
            monitor.reset();
        }
        tripped
    }

    fn trips_by_status(&self, monitor: &Monitor, code: u16) -> bool {
        if self.codes.is_empty() {
            return self.counts(monitor, (500..600).contains(&code), (502..=504).contains(&code));
        }
        // What the list names is a plain error, and nothing else is one.
        let code = code.to_string();
        self.counts(monitor, self.codes.iter().any(|wanted| wanted.matches(&code)), false)
    }

    fn counts(&self, monitor: &Monitor, error: bool, gateway: bool) -> bool {
        let mut tripped = false;
        for (counter, happened, limit) in
            [(&monitor.errors, error, self.errors), (&monitor.gateway_errors, gateway, self.gateway_errors)]
        {
            if happened {
                tripped |= count(counter, limit);
            } else {
                clear(counter);
            }
        }
        tripped
    }

    /// Whether one more of all endpoints may be ejected: always the first, others while the share is below the largest.
    pub(super) fn allows(&self, ejected: usize, all: usize) -> bool {
        ejected == 0 || (ejected as u64) * 100 < u64::from(self.max_percent) * (all as u64)
    }

    /// When an ejection ends: at the first sweep after the shortest ejection times the number of ejections, at most the longest.
    pub(super) fn ends(&self, now: Instant, ejections: u32) -> Instant {
        let longest = MAX_EJECTION.max(self.base);
        let end = now + self.base.saturating_mul(ejections).min(longest);
        let sweeps = self.sweeps(end);
        let swept = self.epoch + self.interval.saturating_mul(sweeps);
        if swept < end { swept + self.interval } else { swept }
    }

    /// Ejections that the next one is counted upon: one is forgotten at each sweep after the end of the last.
    pub(super) fn remembered(&self, ejections: u32, ended: Instant, now: Instant) -> u32 {
        ejections.saturating_sub(self.sweeps(now).saturating_sub(self.sweeps(ended)))
    }

    fn sweeps(&self, at: Instant) -> u32 {
        let since = at.saturating_duration_since(self.epoch);
        u32::try_from(since.as_nanos() / self.interval.as_nanos()).unwrap_or(u32::MAX)
    }
}

/// Counts one more; whether the limit is reached. Zero is no limit.
fn count(counter: &AtomicU32, limit: u32) -> bool {
    let count = counter.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    limit != 0 && count >= limit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tripped_after(settings: &OutlierDetection, outcomes: &[Outcome]) -> Option<usize> {
        let detector = Detector::compile(settings);
        let monitor = Monitor::default();
        outcomes.iter().position(|outcome| detector.trips(&monitor, *outcome)).map(|index| index + 1)
    }

    #[test]
    fn five_consecutive_errors_trip_by_default() {
        let settings = OutlierDetection::default();
        assert_eq!(tripped_after(&settings, &[Outcome::Status(500); 9]), Some(5));
        assert_eq!(tripped_after(&settings, &[Outcome::ConnectFailure; 9]), Some(5));
        assert_eq!(tripped_after(&settings, &[Outcome::Timeout; 9]), Some(5));
        assert_eq!(tripped_after(&settings, &[Outcome::Status(499); 9]), None);
        let mut with_success = [Outcome::Status(503); 9];
        with_success[4] = Outcome::Status(200);
        assert_eq!(tripped_after(&settings, &with_success), None);
    }

    #[test]
    fn gateway_errors_are_counted_only_where_they_are_configured() {
        let off = OutlierDetection { consecutive_5xx: Some(0), ..OutlierDetection::default() };
        assert_eq!(tripped_after(&off, &[Outcome::Status(503); 99]), None);
        let two = OutlierDetection { consecutive_gateway: Some(2), ..off };
        assert_eq!(tripped_after(&two, &[Outcome::Status(503), Outcome::Status(504)]), Some(2));
        assert_eq!(
            tripped_after(&two, &[Outcome::Status(503), Outcome::Status(500), Outcome::Status(502)]),
            None
        );
        assert_eq!(tripped_after(&two, &[Outcome::Reset, Outcome::ConnectFailure]), Some(2));
    }

    #[test]
    fn local_errors_can_be_counted_apart() {
        let split = OutlierDetection {
            split_local_origin: true,
            consecutive_local_origin: Some(3),
            consecutive_5xx: Some(2),
            ..OutlierDetection::default()
        };
        let mixed =
            [Outcome::ConnectFailure, Outcome::ConnectFailure, Outcome::Success, Outcome::ConnectFailure];
        assert_eq!(tripped_after(&split, &mixed), None);
        assert_eq!(tripped_after(&split, &[Outcome::Timeout; 4]), Some(3));
        assert_eq!(
            tripped_after(&split, &[Outcome::Status(500), Outcome::Success, Outcome::Status(500)]),
            Some(3)
        );
    }

    #[test]
    fn listed_codes_replace_5xx() {
        let codes = vec![StringMatch::Exact("429".to_owned())];
        let settings =
            OutlierDetection { error_codes: codes, consecutive_5xx: Some(2), ..OutlierDetection::default() };
        assert_eq!(tripped_after(&settings, &[Outcome::Status(500); 9]), None);
        assert_eq!(tripped_after(&settings, &[Outcome::Status(429); 9]), Some(2));
        assert_eq!(tripped_after(&settings, &[Outcome::ConnectFailure; 9]), Some(2));
    }

    #[test]
    fn one_endpoint_may_always_be_ejected_and_others_up_to_the_share() {
        let share = |percent| {
            let settings =
                OutlierDetection { max_ejection_percent: Some(percent), ..OutlierDetection::default() };
            Detector::compile(&settings)
        };
        assert!(share(10).allows(0, 1) && share(0).allows(0, 3));
        assert!(!share(10).allows(1, 10) && share(11).allows(1, 10));
        assert!(share(100).allows(2, 3) && !share(50).allows(2, 4) && !share(0).allows(1, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn ejections_grow_and_end_at_a_sweep() {
        let settings = OutlierDetection {
            interval: Some(Duration::from_secs(10)),
            base_ejection_time: Some(Duration::from_secs(25)),
            ..OutlierDetection::default()
        };
        let detector = Detector::compile(&settings);
        let at = |seconds| detector.epoch + Duration::from_secs(seconds);
        assert_eq!(detector.ends(at(1), 1), at(30));
        assert_eq!(detector.ends(at(5), 1), at(30));
        assert_eq!(detector.ends(at(1), 2), at(60));
        assert_eq!(detector.ends(at(0), 1_000), at(300));
        assert_eq!(detector.remembered(3, at(30), at(39)), 3);
        assert_eq!(detector.remembered(3, at(30), at(40)), 2);
        assert_eq!(detector.remembered(3, at(30), at(500)), 0);
    }
}
