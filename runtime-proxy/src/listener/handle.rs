//! The way of one connection from the socket to what handles it.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use meshc_contract::proxy::{Bind, Capture};
use meshc_contract::traffic::authorization::RuleId;

use super::accept::Context;
use super::destination::{canonical, dialled, original};
use crate::config::{Chain, ChainKey, ChainRef, Config, Current, Handler, Listener};
use crate::connection::{Connection, Counter};
use crate::inspect::{Found, Refused, inspect};
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
    let config = context.shared.load_full();
    // A listener that a reload has just removed still gives what had arrived.
    let Some(listener) = config.bound(accepted.bind) else { return };
    match admit(accepted, listener, &config, context).await {
        Ok(admitted) => serve(admitted, config, context).await,
        Err(reason) => {
            let help = "Connections that were closed before anything handled them, by reason.";
            let name = "meshc_proxy_connections_refused_total";
            config.labels.metrics().add(name, help, &[("reason", reason)], 1.0);
        }
    }
}

/// A connection that goes to its handler.
struct Admitted {
    stream: Stream,
    connection: Connection,
    chain: Chain,
    key: ChainKey,
    drain: drain::Watch,
}

/// Inspects a connection, finds its chain, frees it of TLS and asks the policies of the chain.
///
/// # Errors
/// Why it is closed, as a label.
async fn admit(
    accepted: Accepted<'_>,
    bound: &Arc<Listener>,
    config: &Config,
    context: &Context,
) -> Result<Admitted, &'static str> {
    let Accepted { stream, bind, started } = accepted;
    let capture = bound.source.capture;
    let local = stream.local_addr().map_or(NOWHERE, canonical);
    let direct_remote = stream.peer_addr().map_or(NOWHERE, canonical);
    let bound_port = match bind {
        Bind::Ip(_, port) => *port,
        Bind::Unix(_) => 0,
    };
    let captured = matches!(capture, Capture::Redirecting | Capture::Captured);
    let remembered = captured.then(|| original(&stream.socket(), local)).flatten();
    let Some(destination) = dialled(capture, local, bound_port, remembered) else {
        stream.reset();
        return Err("loop");
    };
    let listener =
        if capture == Capture::Redirecting { config.handed_over(bound, destination) } else { bound };
    let found = inspect(stream, &listener.source, destination).await.map_err(Refused::reason)?;
    let Found { stream, inspected, proxied } = found;
    let mut connection = Connection {
        id: Connection::next_id(),
        remote: proxied.map_or(direct_remote, |told| told.source),
        direct_remote,
        destination: proxied.map_or(destination, |told| told.destination),
        // Whoever dialled this socket itself would come back for ever (dataplane.md §7.6, 26).
        original: proxied.map(|told| told.destination).or(captured.then_some(destination)),
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
    let Some((chain, key)) = listener.chain_of(connection.destination, &connection.inspected) else {
        log_refused(&listener.access_logs, &connection, Flags::NO_ROUTE, "filter_chain_not_found");
        stream.reset();
        return Err("no_chain");
    };
    connection.chain.clone_from(&chain.name);
    let logs = logs_of(chain, listener);
    let stream = match secured(stream, chain, &mut connection).await {
        Ok(stream) => stream,
        Err(error) => {
            log_refused(logs, &connection, Flags::NONE, &error.to_string());
            return Err("tls");
        }
    };
    let dry_run = |allowed| {
        let help = "Requests that policies in dry run looked at.";
        let result = if allowed { "allowed" } else { "denied" };
        let name = "meshc_proxy_authorization_dry_run_total";
        config.labels.metrics().add(name, help, &[("result", result)], 1.0);
    };
    if let Err(rule) = connection.authorize(&chain.source.authorization, dry_run) {
        log_refused(logs, &connection, Flags::of_name("UAEX").unwrap_or(Flags::NONE), &denied(rule));
        stream.reset();
        return Err("policy");
    }
    let drain = drain::Watch::new(&context.drain, &chain.drain);
    Ok(Admitted { stream, connection, chain: chain.clone(), key, drain })
}

/// Envoy's details of a connection that a policy denied.
fn denied(rule: Option<&RuleId>) -> String {
    let rule = rule.map_or_else(
        || "none".to_owned(),
        |RuleId { namespace, policy, rule }| format!("ns[{namespace}]-policy[{policy}]-rule[{rule}]"),
    );
    format!("rbac_access_denied_matched_policy[{rule}]")
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
    let (stream, peer, alpn) = Box::pin(acceptor.accept(stream, timeout)).await?;
    connection.peer = Some(peer);
    connection.alpn = alpn;
    Ok(stream)
}

/// Hands a connection to its handler. Each has its own memory, since one needs much more than the other.
async fn serve(admitted: Admitted, config: Arc<Config>, context: &Arc<Context>) {
    let Admitted { stream, connection, chain, key, drain } = admitted;
    let connection = Rc::new(connection);
    match chain.handler {
        Handler::Http(http) => {
            let chain = ChainRef::new(Arc::clone(&context.shared), key, Current { config, http });
            Box::pin(http::serve(stream, connection, chain, drain)).await;
        }
        Handler::Tcp(chain) => Box::pin(tcp::serve(stream, connection, chain, config, drain)).await,
    }
}

/// The logs of connections that a chain refuses: its own where it passes bytes on; HTTP logs requests, and there is none yet.
fn logs_of<'l>(chain: &'l Chain, listener: &'l Listener) -> &'l [AccessLog] {
    match &chain.handler {
        Handler::Tcp(tcp) => &tcp.access_logs,
        Handler::Http(_) => &listener.access_logs,
    }
}

fn log_refused(logs: &[AccessLog], connection: &Connection, flags: Flags, details: &str) {
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
