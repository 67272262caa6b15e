//! Sockets to endpoints.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use meshc_contract::proxy::TcpKeepalive;
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};

/// How often another port is tried once the ports of a source address are all in use.
const ATTEMPTS: u32 = 16;

/// Connects over TCP, from an address of the same family if there is one among `sources`.
///
/// # Errors
/// Those of the operating system.
pub(super) async fn connect(
    address: SocketAddr,
    sources: &[IpAddr],
    keepalive: Option<TcpKeepalive>,
) -> io::Result<TcpStream> {
    let source = sources.iter().find(|source| source.is_ipv4() == address.is_ipv4()).copied();
    let first = match open(address, source, keepalive, false) {
        Ok(socket) => return socket.connect(address).await,
        Err(error) => error,
    };
    if source.is_none() || first.kind() != io::ErrorKind::AddrInUse {
        return Err(first);
    }
    // Binding to an address takes a port of it for itself, and there are none left, if only because connections that ended
    // lately hold them. With SO_REUSEADDR a port may serve several destinations; one that serves this one already shows when
    // connecting, and the next attempt gets another.
    let mut last = first;
    for _ in 0..ATTEMPTS {
        match open(address, source, keepalive, true)?.connect(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => last = error,
            other => return other,
        }
    }
    Err(last)
}

fn open(
    address: SocketAddr,
    source: Option<IpAddr>,
    keepalive: Option<TcpKeepalive>,
    share_port: bool,
) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(source) = source {
        if share_port {
            socket.set_reuseaddr(true)?;
        }
        socket.bind(SocketAddr::new(source, 0))?;
    }
    if let Some(keepalive) = keepalive {
        SockRef::from(&socket).set_tcp_keepalive(&spelled(keepalive))?;
    }
    Ok(socket)
}

fn spelled(settings: TcpKeepalive) -> socket2::TcpKeepalive {
    let TcpKeepalive { probes, time, interval } = settings;
    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    let mut keepalive = socket2::TcpKeepalive::new();
    if let Some(time) = time {
        keepalive = keepalive.with_time(seconds(time));
    }
    if let Some(interval) = interval {
        keepalive = keepalive.with_interval(seconds(interval));
    }
    if let Some(probes) = probes {
        keepalive = keepalive.with_retries(probes);
    }
    keepalive
}
