//! What happens to requests for hosts that a sidecar does not know (translation-spec §2.8.6).

use meshc_diagnostics::Origin;
use meshc_model::OutboundPolicy;
use meshc_plan::{
    DirectResponse, HeaderOperations, Route, RouteAction, RouteTable, RouteTableName, TlsRequirement,
    UpstreamName, VirtualHost,
};

use super::default_route::passthrough;
use super::destination;
use super::matching::match_everything;
use super::proxy_headers::attempt_count;
use super::table::MAX_DIRECT_RESPONSE;
use crate::context::ProxyContext;

/// Status that a refused request gets.
const REFUSED: u32 = 502;
const RULE: &str = "Istio adds a virtual host for all other hosts to every route table of a sidecar";

/// The virtual host for every other host.
pub(super) fn catch_all(cx: &ProxyContext<'_>) -> VirtualHost {
    let (name, action) = action(cx);
    VirtualHost {
        name: name.to_owned(),
        domains: vec!["*".to_owned()],
        routes: vec![Route {
            name: Some(name.to_owned()),
            matches: match_everything(),
            action,
            operation: None,
            stat_prefix: None,
            config: None,
            headers: HeaderOperations::default(),
            fault: None,
            cors: None,
            session: None,
            origin: Origin::Default { rule: RULE },
        }],
        tls: TlsRequirement::None,
        attempt_count: attempt_count(cx),
        session: None,
        origin: Origin::Default { rule: RULE },
    }
}

fn action(cx: &ProxyContext<'_>) -> (&'static str, RouteAction) {
    let to = |upstream| RouteAction::Forward(Box::new(passthrough(cx, upstream)));
    match cx.scope.outbound_policy {
        OutboundPolicy::AllowAny => ("allow_any", to(allowed_upstream(cx))),
        OutboundPolicy::AllowAnyDynamicDns => ("allow_any_dynamic_dns", to(UpstreamName::AllowAnyDynamicDns)),
        OutboundPolicy::RegistryOnly => {
            let refused = DirectResponse { status: REFUSED, body: None, body_bytes: None };
            ("block_all", RouteAction::DirectResponse(refused))
        }
    }
}

/// Where traffic for unknown destinations goes if it is allowed: the egress proxy of the Sidecar, else where it was sent.
pub(crate) fn allowed_upstream(cx: &ProxyContext<'_>) -> UpstreamName {
    match &cx.scope.egress_proxy {
        Some(proxy) => {
            let service = cx.scope.service(destination::host(proxy));
            let only_port = service.and_then(|service| destination::only_port(service));
            destination::upstream(cx, proxy, only_port, 0)
        }
        None => UpstreamName::Passthrough,
    }
}

/// The table of HTTP connections to unknown destinations that are routed by host.
pub(crate) fn dynamic_dns_table(cx: &ProxyContext<'_>) -> RouteTable {
    RouteTable {
        name: RouteTableName::AllowAnyDynamicDns,
        virtual_hosts: vec![catch_all(cx)],
        ignore_port: true,
        max_direct_response_bytes: Some(MAX_DIRECT_RESPONSE),
        origin: Origin::Default { rule: RULE },
    }
}
