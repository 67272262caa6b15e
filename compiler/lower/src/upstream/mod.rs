//! Upstreams of a proxy: the services it sees, its own application, and the special ones (translation-spec §3).

mod auto_mtls;
mod connection_pool;
mod discovery;
mod endpoints;
mod headless;
mod inbound;
mod load_balancing;
mod locality;
mod networks;
mod outlier;
mod pods;
mod protocol;
mod proxy_protocol;
mod service;
mod sni_dnat;
mod special;
mod stat_name;
mod target;
mod tls;
mod traffic_policy;

use std::sync::Arc;

use meshc_diagnostics::Diagnostics;
use meshc_model::WorkloadRole;
use meshc_plan::{HeadlessService, Upstream};

pub(crate) use auto_mtls::dialled_with_mtls;
pub(crate) use connection_pool::keepalive_of;
pub use headless::{SubsetOfRule, headless_service_name};
pub(crate) use inbound::{InboundDifference, inbound_difference};
pub(crate) use locality::parse as parse_locality;
pub(crate) use stat_name::StatName;
pub(crate) use tls::configured_tls;

use crate::context::ProxyContext;
use crate::inbound::inbound_ports;
use target::TargetMode;

/// Upstreams and the Services that have to exist so that their names resolve.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upstreams {
    /// In the order in which istiod sends them.
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    /// In the order of the upstreams; a service may be here several times, once for each port.
    pub(crate) headless: Vec<HeadlessService>,
}

/// Upstreams of the services that a proxy sees. They are the same for all proxies of one scope and kind, unless
/// DestinationRules select workloads.
pub(crate) fn outbound(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Upstreams {
    let (upstreams, headless) = service::of_services(cx, TargetMode::Default, diags);
    Upstreams { upstreams, headless }
}

/// Upstreams of one proxy beside those of services.
pub(crate) fn own(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Upstreams {
    let mut all = Upstreams { upstreams: vec![special::black_hole(cx)], headless: Vec::new() };
    if cx.workload.proxy == Some(WorkloadRole::Gateway) {
        if sni_dnat::forwards_by_sni(cx) {
            let (upstreams, headless) = service::of_services(cx, TargetMode::SniDnat, diags);
            all.upstreams.extend(upstreams);
            all.headless.extend(headless);
        }
        return all;
    }
    all.upstreams.push(special::passthrough(cx));
    all.upstreams.extend(special::allow_any_dynamic_dns(cx));
    all.upstreams.extend(inbound_ports(cx, diags).iter().map(|port| inbound::upstream(cx, port)));
    all.upstreams.push(special::inbound_passthrough(cx));
    all
}

/// Whether the proxy keeps the case of HTTP/1 header names.
pub(crate) fn preserves_header_case(cx: &ProxyContext<'_>) -> bool {
    let headers = cx.workload.proxy_config.proxy_headers.as_ref();
    headers.and_then(|headers| headers.preserve_http1_header_case) == Some(true)
}
