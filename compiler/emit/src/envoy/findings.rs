//! What the emitter has to say about a plan.

use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};
use meshc_plan::{Listener, RouteTableName, Upstream};

use super::check::Kind;
use super::options::Feature;
use super::{EnvoyOptions, names};

/// A resource that Envoy would refuse.
pub(super) fn refused(kind: Kind, name: &str, problem: &str, origin: &Origin) -> Diagnostic {
    let message = format!("the {} `{name}` would be refused by Envoy: {problem}", kind.word());
    explained(Diagnostic::new(&codes::INVALID_ENVOY_RESOURCE, message), origin)
        .consequence("Envoy does not start with this configuration")
        .help("correct the value if you wrote it; otherwise please report this as a bug of meshc")
}

/// A connection whose route table is missing, which is a fault of the plan.
pub(super) fn missing_table(listener: &Listener, name: &RouteTableName) -> Diagnostic {
    let message = format!(
        "the listener `{}` names the route table `{}`, which its proxy does not have",
        names::listener(&listener.name),
        names::route_table(name)
    );
    explained(Diagnostic::new(&codes::MISSING_ROUTE_TABLE, message), &listener.origin)
        .consequence("Envoy answers 404 to every request of this listener")
        .help("please report this as a bug of meshc")
}

/// What is left out because an Envoy that must load the output does not know it.
pub(super) fn left_out(upstream: &Upstream, options: &EnvoyOptions, diagnostics: &mut Diagnostics) {
    let budget = upstream.pool.retry_budget;
    if budget.is_some_and(|budget| budget.interval.is_some()) && !options.know(Feature::RetryBudgetInterval) {
        let message = format!(
            "Envoy {} does not know the interval of a retry budget, which `{}` has",
            options.oldest,
            names::upstream(&upstream.name)
        );
        diagnostics.push(
            explained(Diagnostic::new(&codes::ENVOY_TOO_OLD, message), &upstream.origin)
                .consequence("retries are limited by the requests of the moment and not by those of the interval")
                .help("remove the interval, or state that Envoy 1.39 is the oldest that runs this configuration"),
        );
    }
}

/// Adds where a node of the plan comes from.
fn explained(mut finding: Diagnostic, origin: &Origin) -> Diagnostic {
    if let Origin::Default { rule } = origin {
        finding.message = format!("{} ({rule})", finding.message);
    }
    finding.at_origin(origin, "made from this")
}
