//! Forwards a request of the kubelet.

use std::net::SocketAddr;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::{CONNECT, connect};
use crate::admin::Answer;
use crate::stream::Stream;
use crate::tls::{Alpn, Connector};

/// Bytes of an answer that are passed on; the kubelet reads 10 KiB.
const MOST: usize = 64 * 1024;

/// Headers that belong to a connection (RFC 9110 §7.6.1).
const HOP_BY_HOP: [header::HeaderName; 6] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::CONTENT_LENGTH,
];

/// Forwards a request to an address with another path. How long it may take is for the kubelet to say: it hangs up.
///
/// # Errors
/// Why there is no answer, as a text.
pub(super) async fn forward(
    request: Request<Incoming>,
    address: SocketAddr,
    path: &str,
    connector: Option<&Connector>,
) -> Result<Answer, String> {
    let stream = match tokio::time::timeout(CONNECT, connect(address)).await {
        Ok(Ok(stream)) => Stream::tcp(stream),
        Ok(Err(error)) => return Err(format!("no connection to {address}: {error}")),
        Err(_) => return Err(format!("no connection to {address} in time")),
    };
    let stream = match connector {
        None => stream,
        Some(connector) => {
            let connected = connector.connect(stream, &address.ip().to_string(), Alpn::Http11).await;
            connected.map_err(|error| format!("no TLS with {address}: {error}"))?.0
        }
    };
    let failed = |error: hyper::Error| format!("no answer from {address}: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let driver = tokio::task::spawn_local(connection);
    let answer = sender.send_request(forwarded(request, address, path)?).await.map_err(failed)?;
    let (parts, body) = answer.into_parts();
    let body =
        Limited::new(body, MOST).collect().await.map_err(|error| format!("a broken answer: {error}"))?;
    driver.abort();
    let mut answer = Response::from_parts(parts, Full::from(body.to_bytes()));
    for name in HOP_BY_HOP {
        answer.headers_mut().remove(name);
    }
    Ok(answer)
}

fn forwarded(
    request: Request<Incoming>,
    address: SocketAddr,
    path: &str,
) -> Result<Request<Full<Bytes>>, String> {
    let (mut parts, _) = request.into_parts();
    let path: PathAndQuery = path.parse().map_err(|error| format!("the path of the probe: {error}"))?;
    parts.uri = Uri::from(path);
    for name in HOP_BY_HOP {
        parts.headers.remove(name);
    }
    if !parts.headers.contains_key(header::HOST) {
        let host = HeaderValue::try_from(address.to_string()).map_err(|error| error.to_string())?;
        parts.headers.insert(header::HOST, host);
    }
    Ok(Request::from_parts(parts, Full::default()))
}
