//! What is asked of the application over and over.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use meshc_contract::proxy::ProbeTiming;

use super::connect;

/// Time between two tries while the application does not answer, so that its start is seen soon.
const UNTIL_HEALTHY: Duration = Duration::from_secs(1);

/// The outcome of the last try. Nothing has succeeded before the first.
pub(super) struct Check(Rc<Cell<bool>>);

impl Check {
    /// Tries to connect.
    pub(super) fn tcp(port: u16, timing: ProbeTiming) -> Self {
        Self::over_and_over(timing, move || async move { connect(loopback(port)).await.is_ok() })
    }

    /// Calls the gRPC health service.
    pub(super) fn grpc(port: u16, service: &str, timing: ProbeTiming) -> Self {
        let service: Rc<str> = service.into();
        Self::over_and_over(timing, move || {
            let service = Rc::clone(&service);
            async move { serving(port, &service).await.unwrap_or(false) }
        })
    }

    /// Whether the last try succeeded.
    pub(super) fn succeeds(&self) -> bool {
        self.0.get()
    }

    fn over_and_over<F, A>(timing: ProbeTiming, attempt: F) -> Self
    where
        F: Fn() -> A + 'static,
        A: Future<Output = bool> + 'static,
    {
        let ProbeTiming { period, timeout } = timing;
        let outcome = Rc::new(Cell::new(false));
        let told = Rc::clone(&outcome);
        tokio::task::spawn_local(async move {
            loop {
                let succeeded = tokio::time::timeout(timeout, attempt()).await.unwrap_or(false);
                told.set(succeeded);
                let period = if succeeded { period } else { period.min(UNTIL_HEALTHY) };
                tokio::time::sleep(period).await;
            }
        });
        Self(outcome)
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)
}

type Failed = Box<dyn std::error::Error>;

/// Asks `grpc.health.v1.Health/Check`.
async fn serving(port: u16, service: &str) -> Result<bool, Failed> {
    let stream = connect(loopback(port)).await?;
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    let driver = tokio::task::spawn_local(async move {
        // What ends the connection is seen by the call.
        let _ = connection.await;
    });
    let request = Request::post(format!("http://127.0.0.1:{port}/grpc.health.v1.Health/Check"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .body(Full::<Bytes>::from(question(service)))?;
    let answer = sender.send_request(request).await?;
    let accepted = answer.status() == StatusCode::OK;
    let early = answer.headers().get("grpc-status").cloned();
    let body = answer.into_body().collect().await?;
    let status = body.trailers().and_then(|trailers| trailers.get("grpc-status").cloned()).or(early);
    driver.abort();
    let succeeded = status.is_some_and(|status| status == "0");
    Ok(accepted && succeeded && says_serving(&body.to_bytes()))
}

/// A message of gRPC with a `HealthCheckRequest`: field 1 is the name of the service.
fn question(service: &str) -> Bytes {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a);
        let mut length = service.len();
        while length >= 0x80 {
            message.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        message.push(length as u8);
        message.extend_from_slice(service.as_bytes());
    }
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[0], length.as_slice(), &message].concat().into()
}

/// Whether a message of gRPC is a `HealthCheckResponse` whose field 1 is `SERVING`.
fn says_serving(message: &[u8]) -> bool {
    message == [0, 0, 0, 0, 2, 0x08, 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_a_health_check_request() {
        assert_eq!(&question("")[..], [0, 0, 0, 0, 0]);
        assert_eq!(&question("ab")[..], [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        let long = question(&"x".repeat(300));
        assert_eq!(long[..8], [0, 0, 0, 1, 0x2f, 0x0a, 0xac, 0x02]);
    }

    #[test]
    fn only_serving_is_serving() {
        assert!(says_serving(&[0, 0, 0, 0, 2, 8, 1]));
        assert!(!says_serving(&[0, 0, 0, 0, 2, 8, 2]));
        assert!(!says_serving(&[0, 0, 0, 0, 0]));
    }
}
