//! Traffic values and the match algorithm: what the bundled proxy does to a call is what the simulator says of it, because both
//! ask the functions of this module.
//!
//! Every rule here is Envoy's; the plan carries these values, so that emitters spell them and nobody repeats them.

pub mod authorization;
mod chain_match;
mod claim_match;
mod cors;
pub mod duration;
mod fault;
mod fraction;
mod hash_policy;
mod header_match;
mod header_operations;
pub mod host;
mod path_match;
pub mod path_normalization;
mod query_match;
mod re2;
mod redirect;
mod request;
mod retry;
mod route_match;
mod string_match;
pub mod uri_template;

pub use chain_match::{ChainMatch, Inspected, TransportProtocol, sieve};
pub use claim_match::ClaimMatch;
pub use cors::Cors;
pub use fault::{Fault, FaultAbort, FaultDelay};
pub use fraction::{Fraction, FractionDenominator};
pub use hash_policy::HashPolicy;
pub use header_match::{HeaderMatch, ValueMatch};
pub use header_operations::{HeaderOperation, HeaderOperations};
pub use path_match::PathMatch;
pub use query_match::{QueryMatch, query_parameter};
pub use re2::Pattern;
pub use redirect::{DirectResponse, Redirect, RedirectPath, Target};
pub use request::{HeaderValues, Request};
pub use retry::Retry;
pub use route_match::RouteMatch;
pub use string_match::StringMatch;

/// Whether a flag is left out of a file.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
