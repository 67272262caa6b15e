//! Copies of requests, whose answers nobody waits for.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, request::Parts};
use http_body_util::BodyExt as _;

use super::body::{RequestBody, Source};
use super::forward::{outgoing, speaks_http2};
use super::pool::{Lease, Want};
use super::read::Head;
use super::route::Mirror;
use crate::upstream::{Choice, Outcome, Upstream, random};

/// How long a copy may take where the route has no timeout.
const LONGEST: Duration = Duration::from_secs(60);

/// Where copies come from.
pub(super) struct Original<'o> {
    /// The request as it is forwarded.
    pub(super) head: &'o Head,
    /// Its body; `None` if it has none.
    pub(super) body: Option<&'o Rc<RefCell<Source>>>,
    /// What the connections of copies are wanted for.
    pub(super) want: Want<'o>,
    /// Timeout of the route.
    pub(super) timeout: Option<Duration>,
}

/// Sends the copies of a request. A body goes once it is there as a whole, and only if it is not longer than what is kept.
pub(super) fn send(mirrors: &[Mirror], original: &Original<'_>) {
    for Mirror { upstream, fraction } in mirrors {
        let Some(upstream) = upstream.as_ref().filter(|_| fraction.takes(random())) else { continue };
        let (upstream, body) = (Arc::clone(upstream), original.body.cloned());
        let mut head = Head {
            parts: original.head.parts.clone(),
            // Istio does not mark the host of copies with `-shadow`.
            authority: original.head.authority.clone(),
            scheme: original.head.scheme,
        };
        head.parts.extensions.clear();
        let (preserve_case, client) = (original.want.preserve_case, original.want.client);
        let longest = original.timeout.unwrap_or(LONGEST);
        tokio::task::spawn_local(async move {
            let (simple, host) = (body.is_none() && !preserve_case, head.authority());
            let now = std::time::Instant::now();
            let want = Want { http2: false, preserve_case, host, client, simple, fresh: false, now };
            // Nobody waits for a copy, and nobody is told that there is none.
            let _ = tokio::time::timeout(longest, copy(&upstream, &head, body, want)).await;
        });
    }
}

async fn copy(
    upstream: &Arc<Upstream>,
    head: &Head,
    body: Option<Rc<RefCell<Source>>>,
    want: Want<'_>,
) -> Option<()> {
    let body = match body {
        None => RequestBody::Empty,
        Some(source) => RequestBody::Copy(Some(Source::whole(&source).await?)),
    };
    let _permit = upstream.begin_request().ok()?;
    let endpoint = upstream.pick(&Choice { original: Some(want.client.1), ..Choice::default() })?;
    let _active = endpoint.begin();
    let http2 = speaks_http2(upstream, head.parts.version);
    let Ok(mut lease) = Lease::acquire(upstream, &endpoint, Want { http2, ..want }).await else {
        upstream.report(&endpoint, Outcome::ConnectFailure);
        return None;
    };
    let parts: Parts = outgoing(head.parts.clone(), &head.authority, head.scheme, http2)?;
    let mut response = lease.send(Request::from_parts(parts, body)).await.ok()?;
    upstream.report(&endpoint, Outcome::Status(response.status().as_u16()));
    while let Some(frame) = response.body_mut().frame().await {
        frame.ok()?;
    }
    lease.release(true);
    Some(())
}
