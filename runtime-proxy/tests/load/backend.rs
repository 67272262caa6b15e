//! An application that answers every request with 200.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

/// Starts it on a thread of its own, which ends with the test; it thinks for a while before each answer. Returns its address.
pub(crate) fn start(thinks: Duration) -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let http = hyper::server::conn::http1::Builder::new();
                let connection = http.serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |request| answer(request, thinks)),
                );
                // A client that goes away is no failure of the application.
                tokio::spawn(async { connection.await.ok() });
            }
        });
    });
    address
}

async fn answer(request: Request<Incoming>, thinks: Duration) -> Result<Response<Full<Bytes>>, Infallible> {
    // The body is read to its end, so that the connection can be used again.
    request.into_body().collect().await.ok();
    tokio::time::sleep(thinks).await;
    Ok(Response::new(Full::new(Bytes::from_static(b"answered by the application\n"))))
}
