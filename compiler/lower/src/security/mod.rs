//! Policies of a proxy: who may call what, and which tokens count (translation-spec §7).

mod authorization;
mod custom;
mod jwks;
mod jwt;
mod matcher;
mod permission;
mod principal;
mod rule;
mod trust_domain;
mod when;

use meshc_diagnostics::Diagnostics;
use meshc_plan::{HttpFilter, NetworkFilter};

pub(crate) use authorization::authorization_filters;
pub(crate) use jwt::jwt_filter;

use crate::context::ProxyContext;

/// Filters of policies, for chains that speak HTTP and for those that carry bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SecurityFilters {
    /// In their order of execution: tokens are checked before policies read their claims.
    pub(crate) http: Vec<HttpFilter>,
    /// In their order of execution.
    pub(crate) network: Vec<NetworkFilter>,
}

/// All filters of policies that apply to a workload. The same filters stand on every chain of its proxy that takes
/// traffic for it.
pub(crate) fn filters(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> SecurityFilters {
    let mut filters = authorization_filters(cx, diags);
    let jwt = jwt_filter(cx, diags);
    filters.http.splice(0..0, jwt);
    filters
}
