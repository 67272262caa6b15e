//! Why a node of the plan exists.

use meshc_contract::ObjectRef;

use crate::Span;

/// Where a node of the plan comes from, so that every emitted byte can be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A person wrote it.
    Declared {
        /// The object that states it.
        object: ObjectRef,
        /// The field, or the whole object.
        span: Span,
    },
    /// A default of Istio made it; the text names the rule ("Istio adds virtualInbound to every sidecar").
    Default {
        /// The rule, as a sentence without a full stop.
        rule: &'static str,
    },
}
