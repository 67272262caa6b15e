//! The listener that takes a connection.

use std::net::IpAddr;

use meshc_plan::{Bind, BindAddress, Capture, Listener, ListenerTransport, ProxyPlan};

use crate::call::{Call, CallMode, Dialled};
use crate::trace::Step;
use crate::verdict::{Failure, Verdict};
use crate::{chain, inspect};

/// Finds the listener and goes on with it.
pub(crate) fn walk<'p>(proxy: &'p ProxyPlan, call: &Call, steps: &mut Vec<Step<'p>>) -> Verdict<'p> {
    let Some(listener) = select(proxy, call) else { return Verdict::Failed(Failure::NoListener) };
    steps.push(Step::Listener(listener));
    let inspected = inspect::inspect(listener, call);
    steps.push(Step::Inspected(inspected.clone()));
    chain::walk(proxy, listener, &inspected, call, steps)
}

/// A captured connection arrives at a listener that was told so. The one for outbound connections hands it to the listener
/// that is bound to the original destination, or to the wildcard address with its port, and keeps what nobody else takes.
fn select<'p>(proxy: &'p ProxyPlan, call: &Call) -> Option<&'p Listener> {
    let by_capture = |wanted: fn(Capture) -> bool| {
        proxy.listeners.iter().map(AsRef::as_ref).find(|listener| wanted(listener.capture))
    };
    match call.mode {
        CallMode::Inbound => by_capture(|capture| matches!(capture, Capture::Captured { .. }))
            .or_else(|| by_destination(proxy, call)),
        CallMode::Gateway => by_destination(proxy, call),
        CallMode::Outbound => by_destination(proxy, call)
            .or_else(|| by_capture(|capture| matches!(capture, Capture::Redirecting { .. }))),
    }
}

fn by_destination<'p>(proxy: &'p ProxyPlan, call: &Call) -> Option<&'p Listener> {
    let bound = |accepts: &dyn Fn(&BindAddress) -> bool, port: u16| {
        let is_there = |bind: &Bind| bind.port == port && accepts(&bind.address);
        proxy
            .listeners
            .iter()
            .map(AsRef::as_ref)
            .filter(|listener| listener.transport == ListenerTransport::Tcp)
            .find(|listener| is_there(&listener.bind) || listener.additional.iter().any(is_there))
    };
    match &call.dialled {
        Dialled::Socket(path) => bound(&|address| matches!(address, BindAddress::Unix(at) if at == path), 0),
        Dialled::Ip(ip) => bound(&|address| *address == BindAddress::Ip(*ip), call.port)
            .or_else(|| bound(&|address| is_wildcard(address, Some(*ip)), call.port)),
        Dialled::Anything => bound(&|address| is_wildcard(address, None), call.port),
    }
}

/// Whether an address stands for all addresses of a family.
fn is_wildcard(address: &BindAddress, family: Option<IpAddr>) -> bool {
    match address {
        BindAddress::Ip(bound) => {
            bound.is_unspecified() && family.is_none_or(|dialled| dialled.is_ipv4() == bound.is_ipv4())
        }
        BindAddress::Literal(_) | BindAddress::Unix(_) => false,
    }
}
