//! The way of one connection from the socket to what handles it.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use meshc_contract::proxy::Bind;

use super::accept::Context;
use super::destination::{canonical, dialled, original};
use crate::config::{Chain, ChainKey, ChainRef, Config, Current, Handler, Listener};
use crate::connection::{Connection, Counter};
use crate::inspect::{Found, inspect};
use crate::stream::Stream;
use crate::telemetry::{AccessLog, Flags};
use crate::{drain, http, tcp, tls};

/// A connection that was just accepted.
pub(super) struct Accepted<'a> {
    /// Its bytes.
    pub(super) stream: Stream,
    /// What is bound where it arrived.
    pub(super) bind: &'a Bind,
    /// When it arrived.
    pub(super) started: Instant,
}

/// The address of what has none.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Handles a connection until it ends.
pub(super) async fn handle(accepted: Accepted<'_>, context: &Arc<Context>) {
    let Accepted { stream, bind, started } = accepted;
    let config = context.shared.load_full();
    // A listener that a reload has just removed still gives what had arrived.
    let Some(listener) = config.bound(bind) else { return };
    let local = stream.local_addr().map_or(NOWHERE, canonical);
    let direct_remote = stream.peer_addr().map_or(NOWHERE, canonical);
    let bound_port = match bind {
        Bind::Ip(_, port) => *port,
        Bind::Unix(_) => 0,
    };
    let remembered = original(&stream.socket(), local);
    let Some(destination) = dialled(listener.source.capture, local, bound_port, remembered) else {
        return stream.reset();
    };
    let listener = match listener.source.capture {
        meshc_contract::proxy::Capture::Redirecting => config.handed_over(listener, destination),
        _ => listener,
    };
    let Ok(Found { stream, inspected, proxied }) = inspect(stream, &listener.source, destination).await
    else {
        return;
    };
    let (remote, destination) =
        proxied.map_or((direct_remote, destination), |told| (told.source, told.destination));
    let mut connection = Connection {
        id: Connection::next_id(),
        remote,
        direct_remote,
        destination,
        inspected,
        peer: None,
        alpn: None,
        direction: listener.source.direction,
        chain: None,
        started,
        started_at: SystemTime::now() - started.elapsed(),
        received: Counter::default(),
        sent: Counter::default(),
    };
    let Some((chain, key)) = listener.chain_of(destination, &connection.inspected) else {
        refused(&listener.access_logs, &connection, Flags::NO_ROUTE, "filter_chain_not_found");
        return stream.reset();
    };
    connection.chain.clone_from(&chain.name);
    let stream = match secured(stream, chain, &mut connection).await {
        Ok(stream) => stream,
        Err(error) => {
            let logs = logs_of(chain, listener);
            return refused(logs, &connection, Flags::NONE, &error.to_string());
        }
    };
    if let Err(rule) = connection.authorize(&chain.source.authorization) {
        let rule = rule.map_or_else(
            || "none".to_owned(),
            |rule| format!("ns[{}]-policy[{}]-rule[{}]", rule.namespace, rule.policy, rule.rule),
        );
        let details = format!("rbac_access_denied_matched_policy[{rule}]");
        let flags = Flags::of_name("UAEX").unwrap_or(Flags::NONE);
        refused(logs_of(chain, listener), &connection, flags, &details);
        return stream.reset();
    }
    let drain = drain::Watch::new(&context.drain, &chain.drain);
    serve(Served { stream, connection, chain, key, config: &config, drain }, context).await;
}

/// Frees a connection of TLS, if its chain says so.
async fn secured(
    stream: Stream,
    chain: &Chain,
    connection: &mut Connection,
) -> Result<Stream, tls::TlsError> {
    let Some(acceptor) = &chain.acceptor else { return Ok(stream) };
    let timeout = chain.source.handshake_timeout.filter(|timeout| *timeout != Duration::ZERO);
    let timeout = timeout.unwrap_or(tls::Acceptor::DEFAULT_TIMEOUT);
    let (stream, peer, alpn) = acceptor.accept(stream, timeout).await?;
    connection.peer = Some(peer);
    connection.alpn = alpn;
    Ok(stream)
}

struct Served<'s> {
    stream: Stream,
    connection: Connection,
    chain: &'s Chain,
    key: ChainKey,
    config: &'s Arc<Config>,
    drain: drain::Watch,
}

async fn serve(served: Served<'_>, context: &Arc<Context>) {
    let Served { stream, connection, chain, key, config, drain } = served;
    let connection = Rc::new(connection);
    match &chain.handler {
        Handler::Http(http) => {
            let now = Current { config: Arc::clone(config), http: Arc::clone(http) };
            let chain = ChainRef::new(Arc::clone(&context.shared), key, now);
            http::serve(stream, connection, chain, drain).await;
        }
        Handler::Tcp(chain) => {
            tcp::serve(stream, connection, Arc::clone(chain), Arc::clone(config), drain).await;
        }
    }
}

/// The logs of connections that a chain refuses: its own where it passes bytes on; HTTP logs requests, and there is none yet.
fn logs_of<'l>(chain: &'l Chain, listener: &'l Listener) -> &'l [AccessLog] {
    match &chain.handler {
        Handler::Tcp(tcp) => &tcp.access_logs,
        Handler::Http(_) => &listener.access_logs,
    }
}

fn refused(logs: &[AccessLog], connection: &Connection, flags: Flags, details: &str) {
    if logs.is_empty() {
        return;
    }
    let mut record = tcp::record(connection);
    record.flags = flags;
    record.termination_details = details.to_owned().into();
    for log in logs {
        log.log(&record);
    }
}
