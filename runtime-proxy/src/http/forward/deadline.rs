//! How long an answer may take. Time counts from when the request is there as a whole, as Envoy counts it, so that a long upload or an
//! open stream is no late answer.

use std::rc::Rc;

use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::super::body::Progress;

/// How often an upload is looked at whose end starts the time.
const LOOK: Duration = Duration::from_millis(250);

/// How long an answer may take.
#[derive(Debug, Clone)]
pub(super) struct Deadline {
    /// From when the request is there as a whole; `None` for ever.
    pub(super) limit: Option<Duration>,
    /// When the attempt, or the whole request, began.
    pub(super) since: Instant,
    /// The body, if there is one.
    pub(super) progress: Option<Rc<Progress>>,
    /// When it is over whatever comes.
    pub(super) latest: Option<Instant>,
}

impl Deadline {
    /// When it is over, as far as that is known yet.
    pub(super) fn at(&self) -> Option<Instant> {
        let begins = match &self.progress {
            None => Some(self.since),
            Some(progress) => progress.finished.get().map(|finished| finished.max(self.since)),
        };
        let limit = begins.zip(self.limit).map(|(begins, limit)| begins + limit);
        [limit, self.latest].into_iter().flatten().min()
    }

    /// Whether there is none at all.
    pub(super) fn is_endless(&self) -> bool {
        self.limit.is_none() && self.latest.is_none()
    }

    /// The same with a limit for one attempt that begins now.
    pub(super) fn attempt(&self, per_try: Duration) -> Self {
        Self { limit: Some(per_try), since: Instant::now(), progress: self.progress.clone(), latest: None }
    }

    /// Whether it is over.
    pub(super) fn is_over(&self) -> bool {
        self.at().is_some_and(|at| at <= Instant::now())
    }
}

/// Waits for something until one of some deadlines is over.
pub(super) async fn within<F: Future>(deadlines: &[&Deadline], future: F) -> Option<F::Output> {
    let open = |deadline: &&Deadline| deadline.limit.is_some() && deadline.at().is_none();
    let mut future = std::pin::pin!(future);
    loop {
        let until = deadlines.iter().filter_map(|deadline| deadline.at()).min();
        let shortest = deadlines.iter().copied().filter(open).filter_map(|deadline| deadline.limit).min();
        match (shortest, until) {
            (None, None) => return Some(future.await),
            (None, Some(until)) => return timeout_at(until, future).await.ok(),
            (Some(shortest), until) => {
                let look = Instant::now() + LOOK.min(shortest / 2).max(Duration::from_millis(1));
                let until = until.map_or(look, |until| until.min(look));
                if let Ok(output) =
                    timeout(until.saturating_duration_since(Instant::now()), future.as_mut()).await
                {
                    return Some(output);
                }
                if deadlines.iter().any(|deadline| deadline.is_over()) {
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline(limit: u64, progress: Option<Rc<Progress>>) -> Deadline {
        Deadline { limit: Some(Duration::from_millis(limit)), since: Instant::now(), progress, latest: None }
    }

    #[tokio::test]
    async fn time_counts_from_the_end_of_the_request() {
        let never = std::future::pending::<()>;
        assert!(within(&[&deadline(20, None)], never()).await.is_none());
        let progress = Rc::new(Progress::default());
        let open = deadline(20, Some(Rc::clone(&progress)));
        let slow = tokio::time::sleep(Duration::from_millis(80));
        assert!(within(&[&open], slow).await.is_some(), "an upload that goes on is no late answer");
        progress.finish();
        assert!(within(&[&open], never()).await.is_none());
    }

    #[tokio::test]
    async fn the_earliest_of_several_counts() {
        let (long, short) = (deadline(60_000, None), deadline(10, None));
        assert!(within(&[&long, &short], std::future::pending::<()>()).await.is_none());
        assert!(short.is_over() && !long.is_over());
        let none = Deadline { limit: None, ..long };
        assert_eq!(within(&[&none], async { 1 }).await, Some(1));
    }
}
