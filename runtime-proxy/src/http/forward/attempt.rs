//! Attempts at one request.

mod send;

use std::sync::Arc;

use ::http::{HeaderValue, Response, StatusCode};
use tokio::time::{Duration, Instant, sleep};

use super::super::exchange::{Exchange, grpc_status};
use super::super::local_reply::{LocalReply, http_status};
use super::super::pool::{Answer, Lease, Written};
use super::super::read::Head;
use super::super::response_body::Guards;
use super::super::retry::Retry;
use super::Call;
use super::bodies::Bodies;
use super::deadline::{Deadline, within};
use super::failure::Failure;
use crate::telemetry::Flags;
use crate::upstream::{Choice, Endpoint, Outcome, RetryPermit, Upstream, random};

/// Attempts at one request.
pub(super) struct Attempts<'c> {
    pub(super) call: Call<'c>,
    pub(super) upstream: &'c Arc<Upstream>,
    /// The head; gone while it is sent.
    pub(super) head: Option<Box<Head>>,
    pub(super) bodies: Bodies,
    pub(super) http2: bool,
    pub(super) hash: Option<u64>,
    pub(super) deadline: &'c Deadline,
    /// Authority and scheme of a head that is gone.
    pub(super) sent: Option<(HeaderValue, &'static str)>,
    /// Where the connection of the attempt that runs wrote down a head that is gone.
    pub(super) record: Option<Written>,
    /// Endpoints that later attempts avoid.
    pub(super) tried: Vec<Arc<Endpoint>>,
    /// The endpoint of the attempt that runs.
    pub(super) current: Option<Arc<Endpoint>>,
    /// Attempts so far.
    pub(super) count: u32,
    /// Retries so far.
    pub(super) retries: u32,
    pub(super) _retrying: Option<RetryPermit>,
}

type Won = (Response<Answer>, Lease, Guards, Duration);

impl Attempts<'_> {
    /// Tries until there is an answer, or no further attempt is allowed.
    pub(super) async fn run(mut self, exchange: &mut Exchange) -> Result<Won, Box<LocalReply>> {
        let retry = self.call.forward.retry.as_ref();
        loop {
            self.count += 1;
            exchange.observe_upstream(|upstream| upstream.attempts = self.count);
            let whole = self.deadline;
            let per_try = retry.and_then(|retry| retry.per_try_timeout).map(|limit| whole.attempt(limit));
            let result = if per_try.is_none() && whole.is_endless() {
                self.attempt(exchange).await
            } else {
                Box::pin(self.limited_attempt(per_try.as_ref(), exchange)).await
            };
            if exchange.progress.as_ref().is_some_and(|progress| progress.late.get()) && result.is_err() {
                let reply = LocalReply::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "request_overall_timeout",
                    "request timeout",
                );
                return Err(LocalReply { close: true, ..reply }.into());
            }
            let lost = match &result {
                Ok((response, ..)) => {
                    let worth = |retry: &Retry| {
                        let grpc = grpc_status(response.headers());
                        retry.of_response(response.status(), response.headers(), grpc)
                    };
                    if !retry.is_some_and(worth) {
                        exchange.details = "via_upstream".into();
                        return result.map_err(|failure| failure.reply(false).into());
                    }
                    None
                }
                Err(failure) => {
                    if let Some(reason) = failure.reason() {
                        exchange.observe_upstream(|upstream| upstream.failure = reason.to_owned().into());
                    }
                    failure.lost()
                }
            };
            let worth = match (retry, &result) {
                (None, _) => false,
                (Some(_), Ok(_)) => true,
                (Some(retry), Err(_)) => lost.is_some_and(|lost| retry.of_loss(lost)),
            };
            let exhausted = worth && retry.is_some_and(|retry| self.retries >= retry.attempts);
            if !worth || exhausted || !Box::pin(self.prepare_retry(retry)).await {
                let flags = if exhausted { Flags::RETRY_LIMIT } else { Flags::NONE };
                exchange.flags |= flags;
                return result
                    .inspect(|_| exchange.details = "via_upstream".into())
                    .map_err(|failure| Box::new(failure.reply(self.retries > 0)));
            }
            // An answer that is not wanted goes with its connection.
            drop(result);
        }
    }

    /// Waits for the back-off; `false` if there is no room for a retry, or nothing that could be sent again.
    async fn prepare_retry(&mut self, retry: Option<&Retry>) -> bool {
        self.take_back(None);
        let Some(retry) = retry.filter(|_| self.head.is_some() && self.bodies.can_go_again()) else {
            return false;
        };
        let Ok(permit) = self.upstream.begin_retry() else { return false };
        let wait = retry.back_off(self.retries, random());
        if self.deadline.at().is_some_and(|deadline| Instant::now() + wait >= deadline) {
            return false;
        }
        self._retrying = Some(permit);
        self.retries += 1;
        self.tried.extend(self.current.take());
        sleep(wait).await;
        true
    }

    /// An attempt that must be over in time.
    async fn limited_attempt(
        &mut self,
        per_try: Option<&Deadline>,
        exchange: &mut Exchange,
    ) -> Result<Won, Failure> {
        let whole = self.deadline;
        let attempt = self.attempt(exchange);
        let won = match per_try {
            None => within(&[whole], attempt).await,
            Some(per_try) => within(&[whole, per_try], attempt).await,
        };
        won.unwrap_or_else(|| Err(self.timed_out()))
    }

    fn timed_out(&self) -> Failure {
        if let Some(endpoint) = &self.current {
            self.upstream.report(endpoint, Outcome::Timeout);
        }
        if self.deadline.is_over() { Failure::Timeout } else { Failure::PerTryTimeout }
    }

    async fn attempt(&mut self, exchange: &mut Exchange) -> Result<Won, Failure> {
        let connection = &self.call.client.connection;
        let retry = self.call.forward.retry.as_ref();
        let avoid = retry.is_some_and(|retry| retry.avoid_previous_hosts);
        let leave = retry.is_some_and(|retry| retry.avoid_previous_priorities);
        // Istio has Envoy look at priorities anew after every second attempt.
        let tried = self.tried.len() / 2 * 2;
        let choice = Choice {
            hash: self.hash,
            avoid: if avoid { &self.tried } else { &[] },
            leave: if leave { &self.tried[..tried] } else { &[] },
            original: connection.original,
        };
        let endpoint = self.upstream.pick(&choice).ok_or(Failure::NoHealthyUpstream)?;
        exchange.observe_upstream(|upstream| upstream.host = Some(Arc::from(endpoint.address.to_string())));
        self.current = Some(Arc::clone(&endpoint));
        let permit = self.upstream.begin_request().map_err(|_| Failure::Overflow)?;
        let guards = Guards { _active: endpoint.begin(), _permit: Some(permit) };
        let started = Instant::now();
        match self.send(&endpoint, started, exchange).await {
            Ok((response, lease)) => {
                let grpc = if exchange.grpc { grpc_status(response.headers()) } else { None };
                let status = grpc.map_or(response.status().as_u16(), http_status);
                self.upstream.report(&endpoint, Outcome::Status(status));
                Ok((response, lease, guards, started.elapsed()))
            }
            Err(failure) => {
                match &failure {
                    Failure::Connect { .. } => self.upstream.report(&endpoint, Outcome::ConnectFailure),
                    Failure::Lost(_) | Failure::Protocol => self.upstream.report(&endpoint, Outcome::Reset),
                    _ => {}
                }
                Err(failure)
            }
        }
    }
}
