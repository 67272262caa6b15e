//! What becomes of a call: a walk through a plan, as Envoy would decide on the emitted configuration.
//!
//! Enters: the plan of a proxy and a [`Call`]; or the plan of a mesh and a [`Request`]. Leaves: a [`Trace`] with every
//! decision, the node that decided and where that node comes from; or [`Outcome`]s, which follow a request from proxy to proxy.
//! Must not know: the mesh, Istio or Kubernetes kinds, how a target spells a name (the caller hands in a [`Spelling`]).
//!
//! One stage of the walk is one file: `listener`, `inspect`, `chain`, `tls`, `network`, `http`. What matches is decided by
//! `meshc_contract::traffic`, which the bundled proxy asks too.
//!
//! The walk is pure. What only run time knows (whether an endpoint answers, what it answers, chance) is not simulated: several
//! destinations come back with their shares, and a share of aborted requests comes back as a share.

mod authorization;
mod call;
mod chain;
mod fault;
mod forward;
mod http;
mod inspect;
mod jwt;
mod listener;
mod network;
mod predict;
mod render;
mod request;
mod tls;
mod trace;
mod verdict;

use meshc_plan::ProxyPlan;

pub use call::{Call, CallMode, CallProtocol, CallTls, Dialled, Token};
pub use forward::forwarded;
pub use predict::{Caller, Connect, End, Hop, Outcome, Request, Server, predict};
pub use render::{Spelling, render};
pub use request::HttpRequest;
pub use trace::{Inspected, PolicyDecision, Stage, Step, Trace};
pub use verdict::{AbortStatus, Destination, Failure, Verdict};

/// Walks one call through a proxy.
///
/// Total: a call that the proxy refuses has a [`Verdict::Failed`] or a [`Verdict::Denied`].
#[must_use]
pub fn simulate<'p>(proxy: &'p ProxyPlan, call: &Call) -> Trace<'p> {
    let mut steps = Vec::new();
    let verdict = listener::walk(proxy, call, &mut steps);
    Trace { steps, verdict }
}
