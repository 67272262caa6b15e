//! Sockets to endpoints.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use meshc_contract::proxy::TcpKeepalive;
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};

/// How often another port of a source address is tried.
const ATTEMPTS: u32 = 64;

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
    let Some(source) = source else { return open(address, keepalive)?.connect(address).await };
    let mut attempt = 1;
    loop {
        let socket = open(address, keepalive)?;
        // Binding takes a port of the address before the destination is known. Only with SO_REUSEADDR may a port serve several
        // destinations, and serve again while a connection that has ended waits for its last packets. One that serves this very
        // destination shows when connecting, and the next attempt gets another.
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::new(source, 0))?;
        match socket.connect(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable && attempt < ATTEMPTS => {
                attempt += 1
            }
            connected => return connected,
        }
    }
}

fn open(address: SocketAddr, keepalive: Option<TcpKeepalive>) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
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
