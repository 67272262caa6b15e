//! Preference by region and zone.

use super::string_match::at_most_one;
use crate::admission::{At, Report};
use crate::istio::{LocalityFailover, LocalityLoadBalancerSetting, ZoneAwareLoadBalancerSetting};

/// Labels that stand for parts of a locality, which `failover` speaks of too.
const TOPOLOGY_LABELS: &[&str] =
    &["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

/// One way to prefer, shares of 100 % in all, and no place twice.
pub(super) fn check(
    at: &At<'_>,
    setting: Option<&LocalityLoadBalancerSetting>,
    outliers: bool,
    report: &mut Report,
) {
    let Some(LocalityLoadBalancerSetting { distribute, failover, failover_priority, enabled: _ }) = setting
    else {
        return;
    };
    at_most_one(at, [("distribute", !distribute.is_empty()), ("failover", !failover.is_empty())], report);
    if !failover.is_empty()
        && let Some(label) = failover_priority.iter().find(|label| TOPOLOGY_LABELS.contains(&label.as_str()))
    {
        report.refuse(
            &at.field("failoverPriority"),
            format!("the label `{label}` cannot be used together with `failover`"),
        );
    }
    for (index, shares) in distribute.iter().enumerate() {
        let at = at.item("distribute", index);
        let to = at.field("to");
        if let Some((place, _)) = shares.to.iter().find(|(_, weight)| !(1..=100).contains(*weight)) {
            report.refuse(&to.field(place), "a weight is between 1 and 100");
        } else if shares.to.values().sum::<u32>() != 100 {
            report.refuse(
                &to,
                format!("the weights add up to {}, not to 100", shares.to.values().sum::<u32>()),
            );
        }
        report.check(&to, distinct(shares.to.keys().map(String::as_str)));
    }
    let sources = distribute.iter().map(|shares| shares.from.as_deref().unwrap_or_default());
    report.check(&at.field("distribute"), distinct(sources));
    regions(at, failover, !failover_priority.is_empty(), outliers, report);
}

/// The failover of a zone-aware setting.
pub(super) fn zone_aware(
    at: &At<'_>,
    setting: Option<&ZoneAwareLoadBalancerSetting>,
    outliers: bool,
    report: &mut Report,
) {
    if let Some(setting) = setting {
        regions(at, &setting.failover, !setting.failover_priority.is_empty(), outliers, report);
    }
}

fn regions(at: &At<'_>, failover: &[LocalityFailover], priority: bool, outliers: bool, report: &mut Report) {
    if (priority || !failover.is_empty()) && !outliers {
        report.warn(at, "without `outlierDetection` no endpoint is known to fail, so nothing fails over");
    }
    for (index, LocalityFailover { from, to }) in failover.iter().enumerate() {
        let at = at.item("failover", index);
        let (from, to) = (from.as_deref().unwrap_or_default(), to.as_deref().unwrap_or_default());
        if from == to {
            report.refuse(&at, format!("the region `{from}` cannot take over for itself"));
        }
        if from.contains(['/', '*']) || to.contains(['/', '*']) {
            report.refuse(&at, "failover goes from one region to another, without zones and wildcards");
        }
    }
}

/// Whether localities are well formed and none is within an earlier one, or holds it.
fn distinct<'l>(localities: impl Iterator<Item = &'l str>) -> Result<(), String> {
    let mut seen: Vec<Vec<&str>> = Vec::new();
    for locality in localities {
        let parts: Vec<&str> = locality.splitn(3, '/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(format!("the locality `{locality}` has an empty part"));
        }
        let wildcards = locality.matches('*').count();
        if wildcards > 1 || wildcards == 1 && !locality.ends_with('*') {
            return Err(format!("the locality `{locality}` has a `*` that does not stand at its end"));
        }
        // A wildcard says the same as leaving the part out.
        let known: Vec<&str> = parts.into_iter().filter(|part| *part != "*").collect();
        if seen.iter().any(|earlier| known.iter().zip(earlier).all(|(part, other)| part == other)) {
            return Err(format!("the locality `{locality}` overlaps with one before it"));
        }
        seen.push(known);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::distinct;

    #[test]
    fn localities_do_not_overlap() {
        assert!(distinct(["a/b/c", "a/b/d", "a/e", "f/*"].into_iter()).is_ok());
        for localities in [["a", "a/b"], ["a/b", "a/b/c"], ["a/b/*", "a/b/c"], ["*", "a"], ["a/b", "a/b"]] {
            assert!(distinct(localities.into_iter()).is_err(), "{localities:?}");
        }
        for locality in ["", "a//c", "a/", "*/b", "a/*/*"] {
            assert!(distinct([locality].into_iter()).is_err(), "{locality}");
        }
    }
}
