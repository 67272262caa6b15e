//! The filter chain of a connection.

use meshc_plan::{Listener, ProxyPlan, sieve};

use crate::call::Call;
use crate::tls;
use crate::trace::{Inspected, Step};
use crate::verdict::{Failure, Verdict};

/// Chooses the chain and goes on with it.
pub(crate) fn walk<'p>(
    proxy: &'p ProxyPlan,
    listener: &'p Listener,
    inspected: &Inspected,
    call: &Call,
    steps: &mut Vec<Step<'p>>,
) -> Verdict<'p> {
    let (chain, default) = match sieve(&listener.chains, call.port, call.dialled.ip(), inspected).as_slice() {
        [only] => (*only, false),
        [] => match &listener.default_chain {
            Some(chain) => (chain, true),
            None => return Verdict::Failed(Failure::NoFilterChain),
        },
        _ => return Verdict::Failed(Failure::MultipleFilterChains),
    };
    steps.push(Step::Chain { chain, default });
    tls::walk(proxy, chain, inspected, call, steps)
}
