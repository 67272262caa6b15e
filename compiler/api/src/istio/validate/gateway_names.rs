//! Names of gateways, as VirtualServices refer to them.

use super::names;
use crate::admission::{At, Report};

/// Each is `namespace/name`, or a name that is completed. Istio stops at the first one without a namespace.
pub(super) fn check(at: &At<'_>, gateways: &[String], gateway_api: bool, report: &mut Report) {
    for (index, gateway) in gateways.iter().enumerate() {
        let at = at.item("gateways", index);
        let Some((namespace, name)) = gateway.split_once('/') else {
            if let Some((name, rest)) = gateway.split_once('.') {
                let namespace = rest.split('.').next().unwrap_or(rest);
                report.warn(&at, format!("`{gateway}` is an old form of a name: write `{namespace}/{name}`"));
            }
            report.check(&at, names::host_name(gateway));
            return;
        };
        if !names::is_label(namespace) {
            report.refuse(&at, format!("`{namespace}` is not the name of a namespace"));
        }
        if !names::is_label(name) && !gateway_api {
            report.refuse(&at, format!("`{name}` is not the name of a Gateway"));
        }
    }
}
