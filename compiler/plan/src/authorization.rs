//! Authorization: what AuthorizationPolicy becomes (translation-spec §7.1).

use meshc_diagnostics::Origin;

use crate::{AuthorizationAction, PolicyRule};

/// One filter: the policies of one action.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthorizationFilter {
    /// What happens on a match.
    pub action: AuthorizationAction,
    /// Rules that are enforced; `None` when every policy of the action is a dry run. An empty ALLOW denies everything.
    pub rules: Option<Vec<PolicyRule>>,
    /// Rules that are only counted (`istio.io/dry-run`); `None` when there are none.
    pub dry_run: Option<Vec<PolicyRule>>,
    /// Origin of the policies.
    pub origin: Origin,
}
