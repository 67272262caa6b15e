//! Where the endpoints of a cluster come from (dataplane.md §1, translation-spec §3.3).

use meshc_plan::{Discovery, DnsEndpoint, DnsFamily, DnsResolution, EndpointGroup, UpstreamName};

use super::endpoints::{self, NameForm};
use super::options::Feature;
use super::upstream_tls::HostChecks;
use super::values::dns_family;
use super::xds::{self, Any, DiscoveryType, Extension};
use super::{EnvoyFlavor, EnvoyOptions, names};

/// The fields of a cluster that say where its endpoints are.
#[derive(Default)]
pub(super) struct DiscoveryFields {
    pub(super) kind: Option<DiscoveryType>,
    pub(super) cluster_type: Option<Extension>,
    pub(super) load_assignment: Option<xds::ClusterLoadAssignment>,
    pub(super) dns_refresh_rate: Option<xds::Duration>,
    pub(super) dns_jitter: Option<xds::Duration>,
    pub(super) respect_dns_ttl: bool,
    pub(super) dns_lookup_family: Option<xds::DnsLookupFamily>,
    pub(super) typed_dns_resolver_config: Option<Extension>,
    pub(super) wait_for_warm_on_init: Option<bool>,
    pub(super) original_dst_lb_config: Option<xds::OriginalDstLbConfig>,
    /// Whether the cluster itself picks endpoints.
    pub(super) picks_itself: bool,
}

/// Istio's spread of refreshes.
const ISTIO_JITTER: xds::Duration = xds::Duration::millis(100);

/// Discovery of one cluster.
pub(super) fn discovery(
    name: &UpstreamName,
    discovery: &Discovery,
    resolution: DnsResolution,
    checks: HostChecks,
    options: &EnvoyOptions,
) -> DiscoveryFields {
    let flavor = options.flavor;
    match discovery {
        Discovery::Static(groups) => stated(name, groups),
        Discovery::Pods { names, stated: groups } if names.is_empty() => stated(name, groups),
        Discovery::Pods { names, stated: groups } => pods(name, names, groups, resolution.family, options),
        Discovery::StrictDns(groups) => by_name(name, groups, resolution, flavor, false),
        Discovery::LogicalDns(groups) => by_name(name, groups, resolution, flavor, true),
        Discovery::OriginalDestination { port_override } => DiscoveryFields {
            kind: Some(DiscoveryType::OriginalDst),
            original_dst_lb_config: port_override.map(|port| xds::OriginalDstLbConfig {
                use_http_header: false,
                upstream_port_override: Some(u32::from(port)),
            }),
            picks_itself: true,
            ..DiscoveryFields::default()
        },
        Discovery::DynamicForwardProxy { cache } => DiscoveryFields {
            cluster_type: Some(dynamic_forward_proxy(cache, resolution.family, checks, flavor)),
            picks_itself: true,
            ..DiscoveryFields::default()
        },
    }
}

fn stated(name: &UpstreamName, groups: &[EndpointGroup]) -> DiscoveryFields {
    DiscoveryFields {
        kind: Some(DiscoveryType::Static),
        load_assignment: (!groups.is_empty())
            .then(|| assignment(name, endpoints::groups(groups, NameForm::AsStated))),
        ..DiscoveryFields::default()
    }
}

/// Names of headless Services, refreshed as often as their answers may change. A start must not wait for DNS.
fn pods(
    name: &UpstreamName,
    pods: &[DnsEndpoint],
    stated: &[EndpointGroup],
    family: DnsFamily,
    options: &EnvoyOptions,
) -> DiscoveryFields {
    let named = xds::LocalityLbEndpoints {
        locality: None,
        lb_endpoints: pods.iter().map(endpoints::pods).collect(),
        load_balancing_weight: None,
        priority: 0,
    };
    let mut groups = vec![named];
    groups.extend(endpoints::groups(stated, NameForm::Absolute));
    let config = xds::DnsCluster {
        dns_refresh_rate: Some(xds::Duration::seconds(5)),
        dns_jitter: Some(xds::Duration::seconds(1)),
        dns_min_refresh_rate: options.know(Feature::LeastDnsRefresh).then_some(xds::Duration::seconds(2)),
        ..dns_cluster(family)
    };
    DiscoveryFields {
        cluster_type: Some(Extension::new("envoy.cluster.dns", Any::DnsCluster(config))),
        load_assignment: Some(assignment(name, groups)),
        wait_for_warm_on_init: Some(false),
        ..DiscoveryFields::default()
    }
}

/// Names that the mesh states. Istio's build is told in the words of istiod; a stock Envoy through the extension that
/// replaces them, with the resolver of the bootstrap, whose cache all clusters share.
fn by_name(
    name: &UpstreamName,
    groups: &[EndpointGroup],
    resolution: DnsResolution,
    flavor: EnvoyFlavor,
    logical: bool,
) -> DiscoveryFields {
    let DnsResolution { refresh_rate, family } = resolution;
    match flavor {
        EnvoyFlavor::IstioProxy => DiscoveryFields {
            kind: Some(if logical { DiscoveryType::LogicalDns } else { DiscoveryType::StrictDns }),
            load_assignment: Some(assignment(name, endpoints::groups(groups, NameForm::AsStated))),
            dns_refresh_rate: Some(refresh_rate.into()),
            dns_jitter: Some(ISTIO_JITTER),
            respect_dns_ttl: true,
            dns_lookup_family: Some(dns_family(family)),
            typed_dns_resolver_config: Some(istio_resolver()),
            ..DiscoveryFields::default()
        },
        EnvoyFlavor::Stock => {
            let config = xds::DnsCluster {
                dns_refresh_rate: Some(refresh_rate.into()),
                dns_jitter: Some(ISTIO_JITTER),
                all_addresses_in_single_endpoint: logical,
                ..dns_cluster(family)
            };
            DiscoveryFields {
                cluster_type: Some(Extension::new("envoy.cluster.dns", Any::DnsCluster(config))),
                load_assignment: Some(assignment(name, endpoints::groups(groups, NameForm::Absolute))),
                wait_for_warm_on_init: Some(false),
                ..DiscoveryFields::default()
            }
        }
    }
}

fn dns_cluster(family: DnsFamily) -> xds::DnsCluster {
    xds::DnsCluster {
        dns_refresh_rate: None,
        dns_failure_refresh_rate: Some(xds::DnsFailureRefreshRate {
            base_interval: Some(xds::Duration::seconds(1)),
            max_interval: Some(xds::Duration::seconds(10)),
        }),
        respect_dns_ttl: true,
        dns_jitter: None,
        dns_lookup_family: Some(dns_family(family)),
        all_addresses_in_single_endpoint: false,
        dns_min_refresh_rate: None,
    }
}

fn assignment(name: &UpstreamName, endpoints: Vec<xds::LocalityLbEndpoints>) -> xds::ClusterLoadAssignment {
    xds::ClusterLoadAssignment { cluster_name: names::upstream(name), endpoints }
}

fn istio_resolver() -> Extension {
    let config = xds::CaresDnsResolver { udp_max_queries: Some(100), ..xds::CaresDnsResolver::default() };
    Extension::new("envoy.network.dns_resolver.cares", Any::CaresDnsResolver(config))
}

/// The cluster for any host takes requests without TLS, so there is no certificate to check the host against. Others must check
/// it, unless the user's TLS settings say otherwise; a stock Envoy wants to hear that.
fn dynamic_forward_proxy(
    cache: &UpstreamName,
    family: DnsFamily,
    checks: HostChecks,
    flavor: EnvoyFlavor,
) -> Extension {
    let unchecked = checks.skipped || (flavor == EnvoyFlavor::Stock && !(checks.sni && checks.san));
    let config = xds::DynamicForwardProxyCluster {
        dns_cache_config: Some(dns_cache(cache, family)),
        allow_insecure_cluster_options: *cache == UpstreamName::AllowAnyDynamicDns || unchecked,
    };
    Extension::new("envoy.clusters.dynamic_forward_proxy", Any::DynamicForwardProxyCluster(config))
}

/// The DNS cache of a dynamic forward proxy; its filters and its cluster must state the same.
pub(super) fn dns_cache(name: &UpstreamName, family: DnsFamily) -> xds::DnsCacheConfig {
    xds::DnsCacheConfig {
        name: names::dns_cache(name),
        dns_lookup_family: Some(dns_family(family)),
        max_hosts: (*name == UpstreamName::AllowAnyDynamicDns).then_some(1024),
    }
}
