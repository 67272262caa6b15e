//! `/metrics`, `/healthz` and `/readyz` for Prometheus and the kubelet.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::error::Error;
use crate::metrics::Metrics;

/// How long a client may take to send its request.
const HEADERS_WITHIN: Duration = Duration::from_secs(5);
/// Pause after a connection that could not be accepted, such as when no file is left.
const PAUSE: Duration = Duration::from_millis(100);

/// Opens the port, and answers for as long as the runtime lives. Returns where it listens.
pub(crate) async fn start(listen: SocketAddr, metrics: Arc<Metrics>) -> Result<SocketAddr, Error> {
    let failed = |error: std::io::Error| Error::Failed(format!("cannot listen on {listen}: {error}"));
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let metrics = Arc::clone(&metrics);
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = answer(request.method(), request.uri().path(), &metrics);
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS_WITHIN)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move {
                // What a client breaks off is its own affair.
                let _ = connection.await;
            });
        }
    });
    Ok(address)
}

fn answer(method: &Method, path: &str, metrics: &Metrics) -> Response<Full<Bytes>> {
    let (status, text) = match (method, path) {
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, metrics.render()),
        (&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, "ok\n".to_owned()),
        (&Method::GET | &Method::HEAD, "/readyz") if metrics.is_ready() => {
            (StatusCode::OK, "ok\n".to_owned())
        }
        (&Method::GET | &Method::HEAD, "/readyz") => {
            (StatusCode::SERVICE_UNAVAILABLE, "no release was delivered yet\n".to_owned())
        }
        (&Method::GET | &Method::HEAD, _) => (StatusCode::NOT_FOUND, "not found\n".to_owned()),
        _ => (StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(
        hyper::header::CONTENT_TYPE,
        hyper::header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}

#[cfg(test)]
mod tests {
    use hyper::{Method, StatusCode};

    use super::answer;
    use crate::metrics::Metrics;
    use crate::push::Report;

    #[test]
    fn the_agent_is_healthy_at_once_and_ready_after_the_first_delivery() {
        let metrics = Metrics::default();
        let status = |path: &str| answer(&Method::GET, path, &metrics).status();
        assert_eq!(status("/healthz"), StatusCode::OK);
        assert_eq!(status("/readyz"), StatusCode::SERVICE_UNAVAILABLE);
        metrics.delivered("sha256:1", Report::default());
        assert_eq!(status("/readyz"), StatusCode::OK);
        assert_eq!(status("/metrics"), StatusCode::OK);
        assert_eq!(status("/debug"), StatusCode::NOT_FOUND);
        assert_eq!(answer(&Method::POST, "/metrics", &metrics).status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
