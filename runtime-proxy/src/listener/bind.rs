//! Sockets that are bound, one for each thread.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use meshc_contract::proxy::{Bind, Capture};
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the operating system keeps until they are accepted; it allows no more than `net.core.somaxconn`, 4096 by
/// default.
const BACKLOG: i32 = 4096;

/// A socket that listens.
#[derive(Debug)]
pub(crate) enum Bound {
    /// TCP.
    Tcp(std::net::TcpListener),
    /// A Unix domain socket.
    Unix(std::os::unix::net::UnixListener),
}

/// Binds an address for some threads: a socket for each of them, between which the operating system spreads connections. A Unix
/// domain socket cannot be shared so, and is that of the first thread.
///
/// # Errors
/// Those of the operating system.
pub(crate) fn bind(bind: &Bind, capture: Capture, threads: usize) -> io::Result<Vec<Bound>> {
    match bind {
        Bind::Ip(ip, port) => {
            let address = SocketAddr::new(*ip, *port);
            (0..threads.max(1)).map(|_| tcp(address, capture, threads > 1).map(Bound::Tcp)).collect()
        }
        Bind::Unix(path) => Ok(vec![Bound::Unix(unix(Path::new(path))?)]),
    }
}

fn tcp(address: SocketAddr, capture: Capture, shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    if address.is_ipv6() {
        // IPv4 has listeners of its own in Istio.
        socket.set_only_v6(true)?;
    }
    if matches!(capture, Capture::Redirecting | Capture::Captured) {
        // TPROXY hands connections over to addresses that are not of this host. Without the capability nobody captures this way, and
        // redirected connections need no such thing.
        let _ = match address {
            SocketAddr::V4(_) => socket.set_ip_transparent_v4(true),
            SocketAddr::V6(_) => socket.set_ip_transparent_v6(true),
        };
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn unix(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    // A socket that an earlier process left would refuse the address; anything else that is there is not ours to remove.
    let stale = std::fs::symlink_metadata(path)
        .is_ok_and(|found| std::os::unix::fs::FileTypeExt::is_socket(&found.file_type()));
    if stale && std::os::unix::net::UnixStream::connect(path).is_err() {
        std::fs::remove_file(path)?;
    }
    let listener = std::os::unix::net::UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_share_an_address_and_strangers_do_not() {
        let any = Bind::Ip("127.0.0.1".parse().unwrap(), 0);
        let alone = bind(&any, Capture::Bound, 1).unwrap();
        let [Bound::Tcp(socket)] = alone.as_slice() else { panic!("one socket") };
        let taken = Bind::Ip("127.0.0.1".parse().unwrap(), socket.local_addr().unwrap().port());
        assert_eq!(bind(&taken, Capture::Bound, 2).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(alone);
        assert_eq!(bind(&taken, Capture::Captured, 2).unwrap().len(), 2);
    }

    #[test]
    fn a_unix_socket_that_nobody_serves_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let address = Bind::Unix(path.to_str().unwrap().to_owned());
        let first = bind(&address, Capture::Bound, 2).unwrap();
        assert_eq!(first.len(), 1);
        assert!(bind(&address, Capture::Bound, 1).is_err());
        drop(first);
        assert!(bind(&address, Capture::Bound, 1).is_ok());
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "a file").unwrap();
        assert!(bind(&address, Capture::Bound, 1).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a file");
    }
}
