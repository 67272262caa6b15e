//! What the webhook refuses of a PeerAuthentication.

use super::{metadata, selectors};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::PeerAuthentication;

/// All rules about a PeerAuthentication.
pub(in crate::istio) fn admit(object: &Resource<PeerAuthentication>, report: &mut Report) {
    let at = At::SPEC;
    let PeerAuthentication { selector, mtls: _, port_level_mtls } = &object.spec;
    metadata::check(object, report);
    let selects = selector.as_ref().is_some_and(|selector| !selector.match_labels.is_empty());
    let ports = at.field("portLevelMtls");
    if !selects && !port_level_mtls.is_empty() {
        report.refuse(&ports, "modes of single ports need a `selector` with labels");
    }
    for port in port_level_mtls.keys() {
        if !port.parse().is_ok_and(|port: u32| (1..=65535).contains(&port)) {
            report.refuse(&ports.field(port), format!("`{port}` is not a port number between 1 and 65535"));
        }
    }
    selectors::policy(&at.field("selector"), selector.as_ref(), report);
}
