//! How an endpoint is picked.

use std::collections::BTreeSet;

use super::string_match::at_most_one;
use super::{durations, locality};
use crate::admission::{At, Report};
use crate::istio::{ConsistentHashLb, HttpCookie, LoadBalancerSettings, WarmupConfiguration};

/// Largest table that Maglev takes.
const LARGEST_TABLE: u64 = 5_000_011;

/// One algorithm, well formed; whether failing endpoints are left out decides about failover.
pub(super) fn check(
    at: &At<'_>,
    settings: Option<&LoadBalancerSettings>,
    outliers: bool,
    report: &mut Report,
) {
    let Some(settings) = settings else { return };
    let algorithms = [
        ("simple", settings.simple.is_some()),
        ("consistentHash", settings.consistent_hash.is_some()),
        ("backendUtilization", settings.backend_utilization.is_some()),
    ];
    at_most_one(at, algorithms, report);
    let localities = [
        ("localityLbSetting", settings.locality_lb_setting.is_some()),
        ("zoneAwareLbSetting", settings.zone_aware_lb_setting.is_some()),
    ];
    at_most_one(at, localities, report);
    if let Some(hash) = &settings.consistent_hash {
        consistent_hash(&at.field("consistentHash"), hash, report);
    }
    locality::check(&at.field("localityLbSetting"), settings.locality_lb_setting.as_ref(), outliers, report);
    locality::zone_aware(
        &at.field("zoneAwareLbSetting"),
        settings.zone_aware_lb_setting.as_ref(),
        outliers,
        report,
    );
    durations::at_least_a_millisecond(&at.field("warmupDurationSecs"), settings.warmup_duration_secs, report);
    if let Some(settings) = &settings.warmup {
        warmup(&at.field("warmup"), settings, report);
    }
}

fn consistent_hash(at: &At<'_>, hash: &ConsistentHashLb, report: &mut Report) {
    let keys = [
        ("httpHeaderName", hash.http_header_name.is_some()),
        ("httpCookie", hash.http_cookie.is_some()),
        ("useSourceIp", hash.use_source_ip.is_some()),
        ("httpQueryParameterName", hash.http_query_parameter_name.is_some()),
    ];
    at_most_one(at, keys, report);
    at_most_one(at, [("ringHash", hash.ring_hash.is_some()), ("maglev", hash.maglev.is_some())], report);
    if let Some(HttpCookie { name, attributes, .. }) = &hash.http_cookie {
        let at = at.field("httpCookie");
        if name.as_deref().unwrap_or_default().is_empty() {
            report.refuse(&at, "a cookie needs a `name`");
        }
        let mut seen = BTreeSet::new();
        for (index, attribute) in attributes.iter().enumerate() {
            match attribute.name.as_deref().unwrap_or_default() {
                "" => report.refuse(&at.item("attributes", index), "an attribute of a cookie needs a `name`"),
                name if !seen.insert(name) => {
                    report.refuse(
                        &at.item("attributes", index),
                        format!("the attribute `{name}` stands twice"),
                    );
                }
                _ => {}
            }
        }
    }
    if hash.minimum_ring_size.is_some_and(|size| size != 0) {
        report.warn(
            &at.field("minimumRingSize"),
            "`minimumRingSize` is deprecated here: use `ringHash.minimumRingSize`",
        );
        if hash.ring_hash.is_some() || hash.maglev.is_some() {
            report.refuse(at, "only one of `minimumRingSize`, `ringHash` and `maglev` can be set");
        }
    }
    if let Some(maglev) = &hash.maglev {
        let size = maglev.table_size.unwrap_or_default();
        if size >= LARGEST_TABLE || !is_prime(size) {
            report.refuse(
                &at.field("maglev").field("tableSize"),
                format!("the size of the table must be a prime number below {LARGEST_TABLE}, not {size}"),
            );
        }
    }
}

fn is_prime(number: u64) -> bool {
    number > 1
        && (2..).take_while(|factor| factor * factor <= number).all(|factor| !number.is_multiple_of(factor))
}

fn warmup(at: &At<'_>, settings: &WarmupConfiguration, report: &mut Report) {
    let WarmupConfiguration { duration, minimum_percent, aggression } = settings;
    if duration.is_none() {
        report.refuse(at, "a `duration` is required");
    }
    durations::at_least_a_millisecond(&at.field("duration"), *duration, report);
    if minimum_percent.is_some_and(|percent| percent > 100.0) {
        report.refuse(&at.field("minimumPercent"), "a share is not above 100 %");
    }
    if aggression.is_some_and(|aggression| aggression <= 0.0) {
        report.refuse(&at.field("aggression"), "the aggression must be above 0");
    }
}

#[cfg(test)]
mod tests {
    use super::is_prime;

    #[test]
    fn prime_numbers_are_told_from_others() {
        assert!([2, 3, 65_537, 5_000_011].into_iter().all(is_prime));
        assert!([0, 1, 4, 9, 65_536].into_iter().all(|number| !is_prime(number)));
    }
}
