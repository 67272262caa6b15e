//! Which statistics are kept and how their names are taken apart (translation-spec §1.5).

use meshc_plan::{Histogram, ProcessUpstream, StatsInclusion, StatsSink, StringMatch, UpstreamName};

use crate::envoy::values::string_match;
use crate::envoy::xds::{Any, Double, Extension};
use crate::envoy::{EnvoyFlavor, names, xds};

/// Tags that Envoy's names of statistics carry. The semicolon that ends Istio's names makes the first two match.
const STATS_TAGS: [(&str, &str); 9] = [
    ("cluster_name", r"^cluster(\.(.+);)"),
    ("http_conn_manager_prefix", r"^http\.(((?:[_.[:digit:]\w]*|[_\[\]aAbBcCdDeEfF[:digit:]\w\:]*));\.)"),
    ("thread_name", r"^server(\.(.+))\.watchdog"),
    ("tcp_prefix", r"^tcp\.((.*?)\.)\w+?$"),
    ("response_code", r"_rq(_(\d{3}))$"),
    ("response_code_class", r"_rq(_(\dxx))$"),
    (
        "http_conn_manager_listener_prefix",
        r"^listener(?=\.).*?\.http\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)",
    ),
    ("listener_address", r"^listener\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)"),
    ("mongo_prefix", r"^mongo\.(.+?)\.(collection|cmd|cx_|op_|delays_|decoding_)(.*?)$"),
];

/// Tags of statistics that only filters of Istio's build make.
const ISTIO_STATS_TAGS: [(&str, &str); 4] = [
    ("cache", r"(cache\.(.+?)\.)"),
    ("component", r"(component\.(.+?)\.)"),
    ("tag", r"(tag\.(.+?);\.)"),
    ("wasm_filter", r"(wasm_filter\.(.+?)\.)"),
];

/// Tags of authorization.
const AUTHORIZATION_STATS_TAGS: [(&str, &str); 3] = [
    ("authz_enforce_result", r"rbac(\.(allowed|denied))"),
    ("authz_dry_run_action", r"(\.istio_dry_run_(allow|deny)_)"),
    ("authz_dry_run_result", r"(\.shadow_(allowed|denied))"),
];

/// Tags of statistics.
pub(super) fn tags(extra: &[String], flavor: EnvoyFlavor) -> Vec<xds::TagSpecifier> {
    let fixed = |(name, regex): &(&str, &str)| xds::TagSpecifier {
        tag_name: (*name).to_owned(),
        regex: Some((*regex).to_owned()),
    };
    let stated = |tag: &String| xds::TagSpecifier {
        tag_name: tag.clone(),
        regex: Some(format!(r"({tag}\.=(.*?);\.;)")),
    };
    let mut tags: Vec<xds::TagSpecifier> = STATS_TAGS.iter().map(fixed).collect();
    if flavor == EnvoyFlavor::IstioProxy {
        tags.extend(extra.iter().map(stated));
        tags.extend(ISTIO_STATS_TAGS.iter().map(fixed));
    }
    tags.extend(AUTHORIZATION_STATS_TAGS.iter().map(fixed));
    tags
}

/// Statistics that are kept; all others cost memory for every cluster.
pub(super) fn matcher(inclusion: &StatsInclusion, probes: bool, flavor: EnvoyFlavor) -> xds::StatsMatcher {
    let StatsInclusion { prefixes, suffixes, regexps } = inclusion;
    let prefix = |text: &str| string_match(&StringMatch::Prefix(text.to_owned()));
    let suffix = |text: &str| string_match(&StringMatch::Suffix(text.to_owned()));
    let regex = |text: &str| string_match(&StringMatch::Regex(text.into()));
    let istio = |texts: &'static [&'static str]| if flavor == EnvoyFlavor::IstioProxy { texts } else { &[] };
    let mut patterns: Vec<xds::StringMatcher> =
        istio(&["reporter="]).iter().map(|text| prefix(text)).collect();
    patterns.extend(prefixes.iter().map(|text| prefix(text)));
    patterns.extend(["cluster_manager", "listener_manager", "server"].map(prefix));
    patterns.extend(istio(&["wasm"]).iter().map(|text| prefix(text)));
    // The filter that answers for a checked cluster reads the health of its members from its statistics.
    patterns.extend(probes.then(|| prefix("cluster.probe")));
    patterns.extend(suffixes.iter().map(|text| suffix(text)));
    patterns.extend(["rbac.allowed", "rbac.denied", "shadow_allowed", "shadow_denied"].map(suffix));
    patterns.extend(regexps.iter().map(|text| regex(text)));
    patterns.push(regex(r"vhost\..*\.route\..*"));
    patterns.extend(istio(&["component", "istio"]).iter().map(|text| prefix(text)));
    xds::StatsMatcher { inclusion_list: Some(xds::ListStringMatcher { patterns }) }
}

/// How histograms whose names begin alike are kept.
pub(super) fn histogram(histogram: &Histogram) -> xds::HistogramBucketSettings {
    let Histogram { prefix, buckets, bins } = histogram;
    xds::HistogramBucketSettings {
        r#match: Some(string_match(&StringMatch::Prefix(prefix.clone()))),
        buckets: buckets.iter().copied().map(Double).collect(),
        bins: *bins,
    }
}

/// Where statistics are sent.
pub(super) fn sink(sink: &StatsSink) -> Extension {
    match sink {
        StatsSink::MetricsService => {
            let cluster_name = names::upstream(&UpstreamName::Process(ProcessUpstream::MetricsService));
            let service = xds::GrpcService {
                envoy_grpc: Some(xds::EnvoyGrpc { cluster_name, authority: String::new() }),
                ..xds::GrpcService::default()
            };
            let config =
                xds::MetricsServiceConfig { grpc_service: Some(service), transport_api_version: "V3" };
            Extension::new("envoy.stat_sinks.metrics_service", Any::MetricsService(config))
        }
        StatsSink::Statsd(address) => {
            let address = xds::Address::socket(address.ip().to_string(), address.port());
            let config = xds::StatsdSink { address: Some(address) };
            Extension::new("envoy.stat_sinks.statsd", Any::Statsd(config))
        }
    }
}
