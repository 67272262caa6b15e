//! Copies of requests.

use super::destination;
use crate::admission::{At, Report};
use crate::istio::{HttpMirrorPolicy, HttpRoute, Percent};

/// One way to say what gets copies, and shares between 0 and 100.
pub(super) fn check(at: &At<'_>, route: &HttpRoute, gateway_api: bool, report: &mut Report) {
    let HttpRoute { mirror, mirror_percent, mirror_percentage, mirrors, .. } = route;
    if mirror.is_some() && !mirrors.is_empty() {
        report.refuse(at, "only one of `mirror` and `mirrors` can be set");
    }
    if let Some(mirror) = mirror.as_ref().filter(|_| !gateway_api) {
        destination::check(&at.field("mirror"), mirror, report);
    }
    if let Some(percent) = mirror_percent {
        let at = at.field("mirrorPercent");
        if *percent > 100 {
            report.refuse(&at, format!("a share of {percent} % is more than 100 %"));
        }
        report.warn(&at, "`mirrorPercent` is deprecated: use `mirrorPercentage`");
    }
    share(&at.field("mirrorPercentage"), mirror_percentage.as_ref(), report);
    for (index, HttpMirrorPolicy { destination, percentage }) in mirrors.iter().enumerate() {
        let at = at.item("mirrors", index);
        match destination {
            None => report.refuse(&at, "a `destination` is required"),
            Some(destination) if !gateway_api => {
                destination::check(&at.field("destination"), destination, report);
            }
            Some(_) => {}
        }
        share(&at.field("percentage"), percentage.as_ref(), report);
    }
}

fn share(at: &At<'_>, share: Option<&Percent>, report: &mut Report) {
    if let Some(Percent { value }) = share
        && !(0.0..=100.0).contains(value)
    {
        report.refuse(at, format!("a share of {value} % is not between 0 % and 100 %"));
    }
}
