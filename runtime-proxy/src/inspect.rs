//! What the first bytes of a connection say, before a chain is chosen: the PROXY protocol, TLS with SNI and ALPN, HTTP.
//!
//! Each inspector is a function over the bytes so far. It asks for more until it knows, and what it says does not depend on how
//! the bytes were cut. Bytes are read, not peeked at, and go before the rest of the connection again.

pub(crate) mod client_hello;
pub(crate) mod http_start;
pub(crate) mod proxy_protocol;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use meshc_contract::proxy::Listener;
use meshc_contract::traffic::{Inspected, TransportProtocol};
use tokio::io::AsyncReadExt;

use crate::stream::Stream;

/// Bytes that inspectors read at most. A ClientHello or a PROXY header that is longer is not waited for.
pub(crate) const LIMIT: usize = 16 * 1024;

/// How long inspectors wait where a listener says nothing, as in Envoy.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

/// What an inspector says of the bytes so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict<T> {
    /// More bytes are needed.
    More,
    /// It is not what the inspector looks for.
    No,
    /// It is.
    Yes(T),
}

/// Why a connection is not handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The client said nothing for too long, and the listener does not go on.
    Timeout,
    /// The client closed before it said enough, or its connection broke.
    Closed,
    /// The PROXY protocol is required, and this is something else.
    ProxyProtocol,
    /// A ClientHello that is too long.
    TooLong,
}

impl Refused {
    /// The reason as a label of metrics.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Timeout => "inspection_timeout",
            Self::Closed => "closed_early",
            Self::ProxyProtocol => "proxy_protocol",
            Self::TooLong => "inspection_limit",
        }
    }
}

/// What inspection found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The connection; what inspectors read comes first.
    pub(crate) stream: Stream,
    /// Transport protocol, SNI, application protocols.
    pub(crate) inspected: Inspected,
    /// Addresses of the PROXY protocol, if it was read and tells some.
    pub(crate) proxied: Option<proxy_protocol::Addresses>,
}

/// Reads as much of a connection as the inspectors of its listener need. `destination` is the address that was dialled.
///
/// # Errors
/// Why the connection must not be handled; it is closed then.
pub(crate) async fn inspect(
    stream: Stream,
    listener: &Listener,
    destination: SocketAddr,
) -> Result<Found, Refused> {
    let wants = |inspector: &Option<meshc_contract::proxy::Inspector>| {
        inspector.as_ref().is_some_and(|inspector| inspector.inspects(destination.port()))
    };
    let plan = Plan {
        proxy_protocol: listener.proxy_protocol,
        tls: wants(&listener.tls_inspector),
        http: wants(&listener.http_inspector),
    };
    let mut reading = Reading {
        stream,
        read: BytesMut::new(),
        inspected: Inspected {
            transport: TransportProtocol::RawBuffer,
            server_name: String::new(),
            application_protocols: Vec::new(),
        },
        proxied: None,
    };
    if plan.nothing() {
        return Ok(reading.found());
    }
    let timeout = match listener.inspect_timeout {
        None => Some(DEFAULT_TIMEOUT),
        Some(Duration::ZERO) => None,
        Some(timeout) => Some(timeout),
    };
    let outcome = match timeout {
        None => reading.run(&plan).await,
        Some(timeout) => match tokio::time::timeout(timeout, reading.run(&plan)).await {
            Ok(outcome) => outcome,
            Err(_) if listener.continue_on_timeout => Ok(()),
            Err(_) => Err(Refused::Timeout),
        },
    };
    outcome.map(|()| reading.found())
}

/// Which inspectors look.
#[derive(Debug)]
struct Plan {
    proxy_protocol: bool,
    tls: bool,
    http: bool,
}

impl Plan {
    fn nothing(&self) -> bool {
        let Self { proxy_protocol, tls, http } = self;
        !(proxy_protocol | tls | http)
    }
}

/// A connection while it is inspected. What is known is kept here, so that a timeout loses nothing.
struct Reading {
    stream: Stream,
    read: BytesMut,
    inspected: Inspected,
    proxied: Option<proxy_protocol::Addresses>,
}

impl Reading {
    fn found(self) -> Found {
        let Self { stream, read, inspected, proxied } = self;
        Found { stream: stream.with_prefix(read.freeze()), inspected, proxied }
    }

    async fn run(&mut self, plan: &Plan) -> Result<(), Refused> {
        if plan.proxy_protocol {
            self.proxy_protocol().await?;
        }
        if plan.tls {
            self.tls().await?;
        }
        // Whoever speaks TLS says in its ALPN what it speaks inside.
        if plan.http && self.inspected.transport == TransportProtocol::RawBuffer {
            self.http().await?;
        }
        Ok(())
    }

    async fn proxy_protocol(&mut self) -> Result<(), Refused> {
        match self.until_known(proxy_protocol::read).await? {
            Some(header) => {
                self.read.advance(header.length);
                self.proxied = header.addresses;
                Ok(())
            }
            None => Err(Refused::ProxyProtocol),
        }
    }

    async fn tls(&mut self) -> Result<(), Refused> {
        if let Some(hello) = self.until_known(client_hello::read).await? {
            self.inspected = Inspected {
                transport: TransportProtocol::Tls,
                server_name: hello.server_name,
                application_protocols: hello.alpn,
            };
        }
        Ok(())
    }

    async fn http(&mut self) -> Result<(), Refused> {
        if let Some(version) = self.until_known(http_start::read).await? {
            self.inspected.application_protocols = vec![version.application_protocol().to_owned()];
        }
        Ok(())
    }

    /// Reads until an inspector knows.
    async fn until_known<T>(
        &mut self,
        inspector: impl Fn(&[u8]) -> Verdict<T>,
    ) -> Result<Option<T>, Refused> {
        loop {
            match inspector(&self.read) {
                Verdict::Yes(found) => return Ok(Some(found)),
                Verdict::No => return Ok(None),
                Verdict::More if self.read.len() >= LIMIT => return Err(Refused::TooLong),
                Verdict::More => self.more().await?,
            }
        }
    }

    /// Reads once. What a read has taken is in the buffer, whenever the future is dropped.
    async fn more(&mut self) -> Result<(), Refused> {
        self.read.reserve(512);
        match self.stream.read_buf(&mut self.read).await {
            Ok(0) | Err(_) => Err(Refused::Closed),
            Ok(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
