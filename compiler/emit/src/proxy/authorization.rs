//! Authorization filters. Rules are those of the plan: both targets decide by the same function.

use meshc_contract::proxy;
use meshc_plan::AuthorizationFilter;

/// The policies of one action.
pub(super) fn authorization(filter: &AuthorizationFilter) -> proxy::AuthorizationFilter {
    let AuthorizationFilter { action, rules, dry_run, origin: _ } = filter;
    proxy::AuthorizationFilter { action: *action, rules: rules.clone(), dry_run: dry_run.clone() }
}
