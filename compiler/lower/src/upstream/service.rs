//! Upstreams of services: one for each port, and one for each port and subset (translation-spec §3.1, §3.4, §3.11).

use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{Protocol, Resolution, ResolvedDestinationRule, Service, WorkloadRole};
use meshc_plan::{
    Direction, Discovery, HeadlessService, LoadBalancing, LoadBalancingAlgorithm, LocalityBalancing,
    Upstream, UpstreamProtocol, UpstreamService,
};

use super::discovery::{self, Found};
use super::endpoints::selected;
use super::locality::{self, LocalitySetting};
use super::protocol::ProtocolFacts;
use super::stat_name::StatName;
use super::target::{Target, TargetMode};
use super::traffic_policy::EffectivePolicy;
use super::{auto_mtls, connection_pool, load_balancing, outlier, proxy_protocol};
use crate::context::ProxyContext;
use crate::http::reaches_draining;
use crate::{telemetry, workload_labels};

/// Upstreams of all services that a proxy sees, in their order, each followed by its subsets.
pub(super) fn of_services(
    cx: &ProxyContext<'_>,
    mode: TargetMode,
    diags: &mut Diagnostics,
) -> (Vec<Arc<Upstream>>, Vec<HeadlessService>) {
    let mut upstreams = Vec::new();
    let mut headless = Vec::new();
    let reported_to = match mode {
        TargetMode::Default => telemetry::collector_services(cx),
        TargetMode::SniDnat => Vec::new(),
    };
    let services = cx.scope.services.iter().chain(&reported_to);
    for service in services.filter(|service| service.resolution != Resolution::Alias) {
        let rule = cx.mesh.destination_rule(cx.workload, service.namespace(), service.host());
        for target in targets(service, rule.as_deref(), mode) {
            if let Some((upstream, needed)) = build(cx, &target, diags) {
                upstreams.push(Arc::new(upstream));
                headless.extend(needed);
            }
        }
    }
    (upstreams, headless)
}

fn targets<'a>(
    service: &'a Service,
    rule: Option<&'a ResolvedDestinationRule>,
    mode: TargetMode,
) -> impl Iterator<Item = Target<'a>> {
    let ports = service.ports.iter().filter(|port| port.protocol != Protocol::Udp);
    ports.flat_map(move |port| {
        let whole = Target { service, port, rule, subset: None, mode };
        let subsets = rule.map(|rule| rule.spec.subsets.as_slice()).unwrap_or_default();
        std::iter::once(whole)
            .chain(subsets.iter().map(move |subset| Target { subset: Some(subset), ..whole }))
    })
}

/// One upstream, with the Service that has to exist for it.
fn build(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    diags: &mut Diagnostics,
) -> Option<(Upstream, Vec<HeadlessService>)> {
    let stated = target.policy();
    let policy = stated.with_mesh_default(cx.mesh.config.default_traffic_policy.as_ref());
    let Found { mut discovery, headless } = found(cx, target, &policy, diags)?;
    let dynamic = matches!(discovery, Discovery::DynamicForwardProxy { .. });
    if dynamic && target.subset.is_some() {
        return None;
    }
    let config = &cx.mesh.config;
    let protocol = protocol_facts(cx, target.port.protocol).outbound(config, policy.connection_pool);
    let http2 = protocol == UpstreamProtocol::Http2;
    let load_balancing = balancing(cx, target, &policy, &mut discovery, diags);
    let tls = auto_mtls::upstream_tls(cx, target, policy.tls, &discovery, http2, diags);
    let service = target.service;
    let stat_name = StatName { service, port: target.port, subset: target.subset_name(), target_port: None };
    let upstream = Upstream {
        name: target.name(),
        stat_name: stat_name.of(&config.outbound_cluster_stat_name),
        direction: Direction::Outbound,
        connect_timeout: connection_pool::connect_timeout(config, policy.connection_pool),
        dns: discovery::dns_resolution(cx, Some(service)),
        discovery,
        protocol,
        pool: connection_pool::connection_pool(config, policy.connection_pool, policy.retry_budget, http2),
        load_balancing: Some(load_balancing),
        outlier: policy.outlier_detection.map(outlier::outlier_detection),
        tls,
        proxy_protocol: policy
            .proxy_protocol
            .and_then(proxy_protocol::version)
            .filter(|_| target.mode == TargetMode::Default),
        metadata_exchange: cx.mesh.features.enable_metadata_exchange,
        bind_source: Vec::new(),
        cleanup_interval: None,
        explicit_common_lb: !dynamic,
        services: if cx.mesh.features.enable_telemetry_label && !dynamic {
            vec![upstream_service(service)]
        } else {
            Vec::new()
        },
        workload: workload_labels::only(
            cx.mesh,
            service.endpoints.iter().filter(|fact| selected(cx, target, fact, policy.tls)),
        ),
        config: target.rule_object(),
        subset: target.subset_name().map(str::to_owned),
        // istiod forgets it for subsets.
        external: service.mesh_external && target.subset.is_none(),
        origin: target.origin(),
    };
    Some((upstream, headless))
}

/// Where endpoints come from, unless the rule sends to the dialled address.
fn found(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    policy: &EffectivePolicy<'_>,
    diags: &mut Diagnostics,
) -> Option<Found> {
    let dialled =
        Found { discovery: Discovery::OriginalDestination { port_override: None }, headless: Vec::new() };
    let whole = Target { subset: None, ..*target };
    // istiod gives subsets the kind of discovery of the whole service, whatever they state themselves, so that none is left
    // out for want of endpoints.
    let of_whole =
        load_balancing::is_passthrough(whole.policy().load_balancer) || target.asks_for_passthrough();
    if target.subset.is_some() && of_whole {
        return Some(dialled);
    }
    let found = discovery::discover(cx, target, policy.tls, diags)?;
    Some(if load_balancing::is_passthrough(policy.load_balancer) { dialled } else { found })
}

/// How an endpoint is picked. Stated endpoints are weighed by locality on the way.
fn balancing(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    policy: &EffectivePolicy<'_>,
    discovery: &mut Discovery,
    diags: &mut Diagnostics,
) -> LoadBalancing {
    if matches!(discovery, Discovery::DynamicForwardProxy { .. }) {
        return LoadBalancing {
            algorithm: LoadBalancingAlgorithm::Provided,
            slow_start: None,
            panic_threshold: None,
            locality: LocalityBalancing::None,
            sessions_reach_draining: false,
        };
    }
    let ejects = policy.outlier_detection.is_some();
    let setting = LocalitySetting::effective(&cx.mesh.config, policy.load_balancer, target.service);
    if let Some(setting) = &setting {
        apply_locality(cx, target, setting, ejects, discovery, diags);
    }
    let locality = match &setting {
        _ if cx.mesh.features.enable_locality_weighted_lb_config => LocalityBalancing::Weighted,
        Some(setting) => setting.balancing(ejects),
        None => LocalityBalancing::None,
    };
    let panic_threshold = outlier::min_health_percent(policy.outlier_detection)
        .filter(|_| {
            target.service.traffic_distribution.is_none() && !cx.mesh.features.send_unhealthy_endpoints
        })
        .unwrap_or(0.0);
    let mut balancing = load_balancing::load_balancing(policy.load_balancer, panic_threshold, locality);
    // istiod forgets it for subsets.
    balancing.sessions_reach_draining = target.subset.is_none()
        && target.mode == TargetMode::Default
        && reaches_draining(&cx.mesh.features, target.service);
    if matches!(discovery, Discovery::OriginalDestination { .. }) {
        balancing.algorithm = LoadBalancingAlgorithm::Provided;
        balancing.slow_start = None;
    }
    balancing
}

fn apply_locality(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    setting: &LocalitySetting,
    ejects: bool,
    discovery: &mut Discovery,
    diags: &mut Diagnostics,
) {
    let own = locality::parse(cx.workload.locality.as_deref().unwrap_or_default());
    match discovery {
        Discovery::Static(groups) | Discovery::StrictDns(groups) | Discovery::LogicalDns(groups) => {
            setting.apply(&own, ejects, groups);
        }
        Discovery::Pods { names, stated } => {
            setting.apply(&own, ejects, stated);
            if !names.is_empty() && setting.states_preference() {
                diags.push(locality_unknown(target, setting));
            }
        }
        Discovery::OriginalDestination { .. } | Discovery::DynamicForwardProxy { .. } => {}
    }
}

fn locality_unknown(target: &Target<'_>, setting: &LocalitySetting) -> Diagnostic {
    const CONSEQUENCE: &str =
        "proxies pick pods of every zone alike, since DNS does not tell where a pod runs";
    if setting.is_of_mesh() {
        let message = "preferences by locality of the mesh configuration have no effect on pods";
        return Diagnostic::new(&codes::LOCALITY_UNKNOWN, message)
            .consequence(CONSEQUENCE)
            .help("state localities of endpoints in ServiceEntries, or take the setting out of the mesh configuration");
    }
    let message = format!("a preference by locality has no effect on the pods of {}", target.service.host());
    let finding = Diagnostic::new(&codes::LOCALITY_UNKNOWN, message)
        .consequence(CONSEQUENCE)
        .help("state endpoints with localities in a ServiceEntry, or take the preference away");
    if target.service.traffic_distribution.is_none() && target.rule.is_some() {
        target.about_rule(finding, "spec.trafficPolicy.loadBalancer")
    } else {
        target.about_service(finding, "spec.trafficDistribution")
    }
}

/// What decides the protocol on a port, for this proxy.
pub(super) fn protocol_facts(cx: &ProxyContext<'_>, port: Protocol) -> ProtocolFacts {
    ProtocolFacts {
        port,
        sniffs: cx.workload.proxy == Some(WorkloadRole::Sidecar),
        preserve_header_case: super::preserves_header_case(cx),
    }
}

/// The service as Istio's metrics know it.
pub(super) fn upstream_service(service: &Service) -> UpstreamService {
    UpstreamService {
        host: service.host().to_owned(),
        name: service.name.clone(),
        namespace: service.namespace().to_owned(),
    }
}
