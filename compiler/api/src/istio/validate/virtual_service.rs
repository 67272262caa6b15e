//! What the webhook refuses of a VirtualService.

use super::export_to::Rules;
use super::http_route::Owner;
use super::{
    address, export_to, gateway_names, headers, http_route, metadata, names, tcp_route, tls_route,
    unreachable,
};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::VirtualService;

/// Marks an object that was made from a route of the Gateway API.
const ROUTE_SEMANTICS: &str = "internal.istio.io/route-semantics";

/// All rules about a VirtualService.
pub(in crate::istio) fn admit(object: &Resource<VirtualService>, report: &mut Report) {
    let at = At::SPEC;
    let spec = &object.spec;
    let gateway_api = object.meta.annotations.get(ROUTE_SEMANTICS).is_some_and(|value| value == "gateway");
    metadata::check(object, report);
    if spec.hosts.is_empty() {
        delegate(&at, spec, report);
    }
    gateway_names::check(&at, &spec.gateways, gateway_api, report);
    if !is_for_gateways(spec) {
        no_claims(&at, spec, report);
    }
    hosts(&at, spec, report);
    if spec.http.is_empty() && spec.tls.is_empty() && spec.tcp.is_empty() {
        report.refuse(&at, "a VirtualService needs `http`, `tls` or `tcp`");
    }
    let owner = Owner { is_delegate: spec.hosts.is_empty(), gateway_api };
    for (index, route) in spec.http.iter().enumerate() {
        http_route::check(&at.item("http", index), route, owner, report);
    }
    for (index, route) in spec.tls.iter().enumerate() {
        tls_route::check(&at.item("tls", index), route, spec, gateway_api, report);
    }
    for (index, route) in spec.tcp.iter().enumerate() {
        tcp_route::check(&at.item("tcp", index), route, gateway_api, report);
    }
    export_to::check(&at, object.namespace(), &spec.export_to, Rules::Plain, report);
    unreachable::check(&at, spec, report);
}

/// Whether only gateways use the routes.
pub(super) fn is_for_gateways(spec: &VirtualService) -> bool {
    !spec.gateways.is_empty() && spec.gateways.iter().all(|gateway| gateway != "mesh")
}

/// An object without hosts has HTTP rules for others and nothing else.
fn delegate(at: &At<'_>, spec: &VirtualService, report: &mut Report) {
    let others = [
        ("gateways", !spec.gateways.is_empty()),
        ("tls", !spec.tls.is_empty()),
        ("tcp", !spec.tcp.is_empty()),
    ];
    for (field, _) in others.iter().filter(|(_, set)| *set) {
        report.refuse(
            &at.field(field),
            format!("a VirtualService without `hosts`, to which others delegate, cannot have `{field}`"),
        );
    }
}

/// Sidecars cannot route by the claims of tokens.
fn no_claims(at: &At<'_>, spec: &VirtualService, report: &mut Report) {
    for (index, route) in spec.http.iter().enumerate() {
        let at = at.item("http", index);
        for (index, request) in route.r#match.iter().enumerate() {
            let at = at.item("match", index);
            for (field, matches) in
                [("headers", &request.headers), ("withoutHeaders", &request.without_headers)]
            {
                let at = at.field(field);
                for key in matches.keys().filter(|key| headers::is_claim(key)) {
                    report.refuse(&at.field(key), "only gateways can route by the claims of tokens");
                }
            }
        }
    }
}

/// Host names that can be, no two of which overlap.
fn hosts(at: &At<'_>, spec: &VirtualService, report: &mut Report) {
    let for_gateways = is_for_gateways(spec);
    let server_names = spec.tls.iter().flat_map(|route| &route.r#match).any(|tls| !tls.sni_hosts.is_empty());
    let mut all_valid = true;
    for (index, host) in spec.hosts.iter().enumerate() {
        let outcome = if for_gateways {
            names::gateway_host_name(host, server_names)
        } else if host == "*" {
            Err("only gateways can route every host (`*`)".to_owned())
        } else {
            names::wildcard_host_name(host)
        };
        if outcome.is_err() && !address::is_ip(host) {
            report.check(&at.item("hosts", index), outcome);
            all_valid = false;
        }
    }
    if all_valid {
        for (index, host) in spec.hosts.iter().enumerate() {
            if let Some(other) = spec.hosts.iter().take(index).find(|other| names::overlap(other, host)) {
                report.refuse(&at.item("hosts", index), format!("the hosts `{other}` and `{host}` overlap"));
            }
        }
    }
}
