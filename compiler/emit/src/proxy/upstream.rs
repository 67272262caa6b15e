//! Upstreams.

use meshc_contract::proxy::{self, Destination, WorkloadLabels};
use meshc_plan::{Upstream, UpstreamName, UpstreamService};

use super::findings::Site;
use super::load_balancing::{Balancing, load_balancing};
use super::{connection_pool, discovery, outlier, upstream_tls};
use crate::envoy::names;

/// One upstream.
pub(super) fn upstream(upstream: &Upstream, site: &mut Site<'_>) -> proxy::Upstream {
    let Upstream {
        name: called,
        // Statistics of Envoy's.
        stat_name: _,
        direction: _,
        discovery: found,
        dns,
        connect_timeout,
        protocol,
        pool,
        load_balancing: balancing,
        outlier: ejection,
        tls,
        proxy_protocol,
        metadata_exchange: _,
        bind_source,
        cleanup_interval: _,
        explicit_common_lb: _,
        services,
        workload,
        // Metadata of Envoy's.
        config: _,
        subset: _,
        external: _,
        origin: _,
    } = upstream;
    let Balancing { algorithm, panic_threshold, weighted } = load_balancing(balancing.as_ref(), site);
    proxy::Upstream {
        discovery: discovery::discovery(found, *dns, weighted, site),
        connect_timeout: *connect_timeout,
        protocol: connection_pool::protocol(*protocol),
        limits: connection_pool::limits(pool, site),
        load_balancing: algorithm,
        panic_threshold,
        outlier: ejection.as_ref().map(outlier::outlier),
        tls: upstream_tls::choice(tls, site),
        proxy_protocol: *proxy_protocol,
        bind_source: bind_source.clone(),
        destination: services
            .first()
            .map_or_else(|| outside(called), |service| Some(destination(service, workload.as_deref()))),
    }
}

fn destination(service: &UpstreamService, workload: Option<&WorkloadLabels>) -> Destination {
    let UpstreamService { host, name, namespace } = service;
    Destination {
        host: host.clone(),
        name: name.clone(),
        namespace: namespace.clone(),
        workload: workload.cloned(),
    }
}

/// What Istio's metrics say of traffic to no service: the name of the cluster, as dashboards look for it.
fn outside(name: &UpstreamName) -> Option<Destination> {
    match name {
        UpstreamName::BlackHole | UpstreamName::Passthrough | UpstreamName::InboundPassthrough => {
            Some(Destination { name: names::upstream(name), ..Destination::default() })
        }
        _ => None,
    }
}
