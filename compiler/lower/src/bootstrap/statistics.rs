//! What annotations and settings say about the statistics of a proxy (translation-spec §1.5).

use std::collections::BTreeMap;
use std::time::Duration;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::Workload;
use meshc_plan::{Histogram, StatsInclusion, StatsSettings, StatsSink};
use serde::de::DeserializeOwned;

const FLUSH: &str = "sidecar.istio.io/statsFlushInterval";
const EVICTION: &str = "sidecar.istio.io/statsEvictionInterval";
const BUCKETS: &str = "sidecar.istio.io/statsHistogramBuckets";
const BINS: &str = "sidecar.istio.io/statsHistogramBins";
const COMPRESSION: &str = "sidecar.istio.io/statsCompression";

/// Time between two deliveries where none is stated.
const DEFAULT_FLUSH: Duration = Duration::from_secs(5);

/// What becomes of statistics.
pub(super) fn settings(workload: &Workload, sinks: Vec<StatsSink>, diags: &mut Diagnostics) -> StatsSettings {
    let flush_interval = interval(workload, FLUSH, diags);
    let eviction_interval = interval(workload, EVICTION, diags).filter(|eviction| {
        let flush = flush_interval.unwrap_or(DEFAULT_FLUSH).as_nanos();
        let multiple = flush > 0 && eviction.as_nanos() % flush == 0;
        if !multiple {
            let problem = "it must be a multiple of the time between two deliveries of statistics";
            diags.push(unreadable(workload, EVICTION, problem));
        }
        multiple
    });
    let buckets: BTreeMap<String, Vec<f64>> = json(workload, BUCKETS, diags);
    let mut bins: BTreeMap<String, u32> = json(workload, BINS, diags);
    let mut histograms: Vec<Histogram> = buckets
        .into_iter()
        .map(|(prefix, buckets)| Histogram { bins: bins.remove(&prefix), prefix, buckets })
        .collect();
    histograms.extend(bins.into_iter().map(|(prefix, bins)| Histogram {
        prefix,
        buckets: Vec::new(),
        bins: Some(bins),
    }));
    let annotated = workload.annotations.get(COMPRESSION).map(|text| text.trim() != "false");
    let compresses = workload.proxy_config.stats_compression.or(annotated).unwrap_or(true);
    StatsSettings { flush_interval, eviction_interval, histograms, sinks, uncompressed: !compresses }
}

fn interval(workload: &Workload, annotation: &'static str, diags: &mut Diagnostics) -> Option<Duration> {
    let text = workload.annotations.get(annotation)?;
    let parsed = text.trim().parse::<meshc_api::Duration>().ok();
    if parsed.is_none() {
        diags.push(unreadable(workload, annotation, "it is no duration, such as `10s`"));
    }
    parsed.map(|duration| duration.0)
}

fn json<T: DeserializeOwned + Default>(
    workload: &Workload,
    annotation: &'static str,
    diags: &mut Diagnostics,
) -> T {
    let Some(text) = workload.annotations.get(annotation) else { return T::default() };
    serde_json::from_str(text).unwrap_or_else(|_| {
        diags.push(unreadable(workload, annotation, "it is not JSON of the form {\"prefix\": …}"));
        T::default()
    })
}

fn unreadable(workload: &Workload, annotation: &str, problem: &str) -> Diagnostic {
    let message = format!("`{annotation}` of {} cannot be used: {problem}", workload.object);
    let finding = Diagnostic::new(&codes::UNUSABLE_SETTING, message)
        .consequence("the proxy keeps its statistics as without the annotation")
        .help("correct or remove the annotation");
    finding.at_origin(&workload.origin, "")
}

/// Texts of an annotation that are separated by commas, if it is there.
fn list<'a>(workload: &'a Workload, annotation: &str) -> Option<Vec<&'a str>> {
    let text = workload.annotations.get(annotation)?;
    Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect())
}

/// `extraStatTags` of ProxyConfig and of the annotation, each once.
pub(super) fn extra_stat_tags(workload: &Workload) -> Vec<String> {
    let stated = list(workload, "sidecar.istio.io/extraStatTags").unwrap_or_default();
    let all = workload.proxy_config.extra_stat_tags.iter().map(String::as_str).chain(stated);
    let mut tags: Vec<String> = Vec::new();
    for tag in all {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

/// Statistics that are kept besides Istio's: an annotation replaces the list of ProxyConfig.
pub(super) fn inclusion(workload: &Workload) -> StatsInclusion {
    let matcher = workload.proxy_config.proxy_stats_matcher.clone().unwrap_or_default();
    let pick = |annotation: &str, configured: Vec<String>| match list(workload, annotation) {
        Some(stated) => stated.into_iter().map(str::to_owned).collect(),
        None => configured,
    };
    StatsInclusion {
        prefixes: pick("sidecar.istio.io/statsInclusionPrefixes", matcher.inclusion_prefixes),
        suffixes: pick("sidecar.istio.io/statsInclusionSuffixes", matcher.inclusion_suffixes),
        regexps: pick("sidecar.istio.io/statsInclusionRegexps", matcher.inclusion_regexps),
    }
}
