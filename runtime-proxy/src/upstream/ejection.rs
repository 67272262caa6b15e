//! Endpoints that outlier detection has put aside.

use tokio::time::Instant;

use super::outlier::Detector;

/// What is remembered of the ejections of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ejection {
    /// When the last one ends, or ended.
    ends: Instant,
    /// Ejections that count for the length of the last one.
    ejections: u32,
    /// Whether the endpoint was told that it is over.
    over: bool,
}

impl Ejection {
    /// One more ejection after those that are remembered.
    pub(super) fn next(before: Option<Self>, detector: &Detector, now: Instant) -> Self {
        let remembered = before.map_or(0, |before| detector.remembered(before.ejections, before.ends, now));
        let ejections = remembered.saturating_add(1);
        Self { ends: detector.ends(now, ejections), ejections, over: false }
    }

    /// When it ends, if it has not.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        (now < self.ends).then_some(self.ends)
    }

    /// Whether it has ended since this was asked last.
    pub(super) fn ended(&mut self, now: Instant) -> bool {
        let ended = !self.over && now >= self.ends;
        self.over |= ended;
        ended
    }
}
