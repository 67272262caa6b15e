//! Upgrades: WebSocket over HTTP/1.1. Nothing is tunnelled before the upstream has agreed with 101 (CVE-2026-2833).

use std::rc::Rc;

use ::http::{Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional_with_sizes;

use super::body::Progress;
use super::exchange::Exchange;
use super::local_reply::LocalReply;
use super::names::{CONNECTION, UPGRADE};
use super::pool::{Answer, Lease};
use super::response_body::Guards;

/// Bytes that are moved at once.
const BUFFER: usize = 16 * 1024;

/// What a client wants its connection to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing else.
    Nothing,
    /// A WebSocket.
    WebSocket,
}

/// What a client wants. HTTP/2 by upgrade is ignored, as its clients expect of servers that do not know it; anything else is
/// refused.
pub(super) fn wanted(request: &Request<Incoming>) -> Result<Wanted, Box<LocalReply>> {
    let headers = request.headers();
    let Some(protocol) = headers.get(UPGRADE).filter(|_| request.version() == Version::HTTP_11) else {
        return Ok(Wanted::Nothing);
    };
    let listed = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| name.trim().eq_ignore_ascii_case("upgrade"));
    match protocol.to_str().unwrap_or_default() {
        _ if !listed => Ok(Wanted::Nothing),
        protocol if protocol.eq_ignore_ascii_case("websocket") => Ok(Wanted::WebSocket),
        protocol if protocol.eq_ignore_ascii_case("h2c") => Ok(Wanted::Nothing),
        _ => Err(LocalReply::new(StatusCode::FORBIDDEN, "upgrade_failed", "").into()),
    }
}

/// Joins both sides once each has changed its protocol, until both have ended.
pub(super) fn tunnel(
    client: OnUpgrade,
    response: &mut Response<Answer>,
    lease: Lease,
    guards: Guards,
    mut exchange: Box<Exchange>,
) {
    let upstream = hyper::upgrade::on(response);
    tokio::task::spawn_local(async move {
        let _held = (lease, guards);
        let (Ok(client), Ok(upstream)) = tokio::join!(client, upstream) else { return };
        let copied = join(client, upstream).await;
        let progress = Rc::new(Progress::default());
        if let Ok((received, sent)) = copied {
            progress.received.set(received);
            exchange.sent = sent;
        }
        exchange.progress = Some(progress);
        exchange.complete = true;
    });
}

async fn join(client: Upgraded, upstream: Upgraded) -> std::io::Result<(u64, u64)> {
    let (mut client, mut upstream) = (TokioIo::new(client), TokioIo::new(upstream));
    copy_bidirectional_with_sizes(&mut client, &mut upstream, BUFFER, BUFFER).await
}
