//! The one route of an inbound HTTP chain: everything goes to the application (translation-spec §4.6).

use std::sync::Arc;
use std::time::Duration;

use meshc_api::mesh_config::MeshConfig;
use meshc_diagnostics::Origin;
use meshc_plan::{
    HeaderOperations, PathMatch, Retry, Route, RouteAction, RouteForward, RouteMatch, RouteTable,
    RouteTableName, TlsRequirement, UpstreamName, VirtualHost, WeightedUpstream,
};

/// What the route is for.
#[derive(Debug, Clone)]
pub(super) struct InboundRoute {
    /// The application.
    pub(super) upstream: UpstreamName,
    /// Host of the service, empty for a port that no service leads to.
    pub(super) host: String,
    /// Port of the service, 0 for a port that no service leads to.
    pub(super) port: u16,
    /// Whether gRPC is spoken, whose clients retry themselves.
    pub(super) grpc: bool,
    /// Why it exists.
    pub(super) origin: Origin,
}

/// A table with the route.
pub(super) fn table(config: &MeshConfig, route: InboundRoute) -> Arc<RouteTable> {
    let InboundRoute { upstream, host, port, grpc, origin } = route;
    let route = Route {
        name: Some("default".to_owned()),
        matches: RouteMatch {
            path: PathMatch::Prefix("/".to_owned()),
            case_sensitive: None,
            headers: Vec::new(),
            query: Vec::new(),
            claims: Vec::new(),
        },
        action: RouteAction::Forward(Box::new(forward(upstream.clone(), retry(config, grpc)))),
        operation: Some(format!("{host}:{port}/*")),
        stat_prefix: None,
        config: None,
        headers: HeaderOperations::default(),
        fault: None,
        cors: None,
        session: None,
        origin: origin.clone(),
    };
    let virtual_host = VirtualHost {
        name: format!("inbound|http|{port}"),
        domains: vec!["*".to_owned()],
        routes: vec![route],
        tls: TlsRequirement::None,
        attempt_count: false,
        session: None,
        origin: origin.clone(),
    };
    Arc::new(RouteTable {
        name: RouteTableName::Inbound(upstream),
        virtual_hosts: vec![virtual_host],
        ignore_port: false,
        max_direct_response_bytes: None,
        origin,
    })
}

fn forward(upstream: UpstreamName, retry: Option<Retry>) -> RouteForward {
    RouteForward {
        upstreams: vec![WeightedUpstream {
            upstream,
            weight: None,
            headers: HeaderOperations::default(),
            host_rewrite: None,
        }],
        // The client knows how long it waits.
        timeout: Some(Duration::ZERO),
        inbound: true,
        retry,
        prefix_rewrite: None,
        regex_rewrite: None,
        host_rewrite: None,
        append_forwarded_host: false,
        mirrors: Vec::new(),
        hash_policies: Vec::new(),
        unknown_upstream_is_500: false,
    }
}

/// Retries towards the application: only of requests that it cannot have seen, unless the mesh states a policy.
fn retry(config: &MeshConfig, grpc: bool) -> Option<Retry> {
    if grpc {
        return None;
    }
    let stated = config.default_inbound_http_retry_policy.as_ref();
    let attempts = match stated {
        Some(policy) => u32::try_from(policy.attempts.unwrap_or(0)).ok().filter(|attempts| *attempts > 0)?,
        None => 2,
    };
    let retry_on =
        stated.and_then(|policy| policy.retry_on.clone()).filter(|conditions| !conditions.is_empty());
    Some(Retry {
        attempts,
        retry_on: retry_on.unwrap_or_else(|| "reset-before-request".to_owned()),
        retriable_status_codes: Vec::new(),
        per_try_timeout: None,
        base_interval: stated.and_then(|policy| policy.backoff).map(|time| time.0),
        avoid_previous_hosts: false,
        host_selection_attempts: None,
        avoid_previous_priorities: false,
    })
}

#[cfg(test)]
mod tests {
    use meshc_api::istio::HttpRetry;

    use super::*;

    #[test]
    fn only_requests_that_were_not_seen_are_retried_and_grpc_never() {
        let default = retry(&MeshConfig::default(), false).map(|retry| (retry.attempts, retry.retry_on));
        assert_eq!(default, Some((2, "reset-before-request".to_owned())));
        assert_eq!(retry(&MeshConfig::default(), true), None);
    }

    #[test]
    fn a_policy_of_the_mesh_without_attempts_turns_retries_off() {
        let policy = HttpRetry { attempts: Some(0), ..HttpRetry::default() };
        let config = MeshConfig { default_inbound_http_retry_policy: Some(policy), ..MeshConfig::default() };
        assert_eq!(retry(&config, false), None);
    }
}
