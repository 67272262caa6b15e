//! Names of operations in traces (translation-spec §2.9.2).

use meshc_plan::{PathMatch, RouteAction, RouteMatch, UpstreamName};

/// `<host>:<port><path>` for a route to one upstream, `<VirtualService>:<port><path>` for every other.
pub(super) fn operation(action: &RouteAction, matches: &RouteMatch, name: &str, port: u16) -> String {
    let path = match &matches.path {
        PathMatch::Prefix(prefix) => format!("{prefix}*"),
        PathMatch::Exact(path) => path.clone(),
        PathMatch::Regex(expression) => expression.to_string(),
        PathMatch::PathSeparatedPrefix(_) => "/*".to_owned(),
    };
    if let RouteAction::Forward(forward) = action
        && let [only] = forward.upstreams.as_slice()
        && only.weight.is_none()
        && let UpstreamName::Outbound { port, host, .. } = &only.upstream
    {
        return format!("{host}:{port}{path}");
    }
    format!("{name}:{port}{path}")
}
