//! A small HTTP/1.1 server for the proxy's own ports.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What is answered.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Connections at once; more wait, so that nobody can use up the descriptors from here.
const CONNECTIONS: usize = 64;

/// Time for the headers of a request.
const HEADERS: Duration = Duration::from_secs(10);

/// A request with the address that it was sent to.
pub(crate) struct Asked {
    /// The request.
    pub(crate) request: Request<Incoming>,
    /// Address of this side.
    pub(crate) local: SocketAddr,
}

/// An answer that is a text.
pub(crate) fn text(status: StatusCode, kind: &'static str, text: String) -> Answer {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Binds an address; the one of all of IPv6 stands for both families, and for IPv4 alone where the host has no IPv6.
///
/// # Errors
/// Those of the operating system.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let bind = |address: SocketAddr| {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.bind(&address.into())?;
        socket.listen(128)?;
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket.into())
    };
    match bind(address) {
        Err(error) if address.is_ipv6() && error.kind() != io::ErrorKind::AddrInUse => {
            bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port()))
        }
        outcome => outcome,
    }
}

/// Answers on a socket for as long as the `LocalSet` lives that this runs on.
pub(crate) fn serve_on<F, A>(listener: TcpListener, answer: Rc<F>)
where
    F: Fn(Asked) -> A + 'static,
    A: Future<Output = Answer> + 'static,
{
    tokio::task::spawn_local(async move {
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(_) => {
                    // Descriptors come back when others end.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(local) = stream.local_addr() else { continue };
            let answer = Rc::clone(&answer);
            tokio::task::spawn_local(async move {
                let service = service_fn(|request| {
                    let answered = answer(Asked { request, local });
                    async move { Ok::<_, Infallible>(answered.await) }
                });
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new()).header_read_timeout(HEADERS);
                // A client that breaks the protocol or goes away has its own error.
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
                drop(permit);
            });
        }
    });
}
