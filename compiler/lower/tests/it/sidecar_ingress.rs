//! Where ingress listeners of a Sidecar lead.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostics, codes};
use meshc_plan::{Discovery, EndpointAddress, Plan, UpstreamName};

use crate::support;

/// Compiles one ingress listener of a workload; `pod` is added to the metadata of the pod.
fn compile(pod: &str, listener: &str) -> (Plan, Diagnostics) {
    let tree = format!(
        "
apiVersion: v1
kind: Pod
metadata: {{name: app, namespace: shop{pod}}}
spec: {{containers: [{{name: app, image: app}}]}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: default, namespace: shop}}
spec:
  ingress: [{{port: {{number: 9000, protocol: TCP, name: tcp}}, {listener}}}]
  egress: [{{hosts: ['./*']}}]
"
    );
    support::lower_with_findings(&[("tree.yaml", &tree)], "")
}

/// Where the listener leads: an address, a socket, or the address that was dialled with its port.
fn leads_to(plan: &Plan) -> String {
    let proxy = plan.proxies.values().next().expect("a proxy");
    let named = |name: &UpstreamName| matches!(name, UpstreamName::Inbound { port: 9000 });
    let upstream = proxy.upstreams.iter().find(|upstream| named(&upstream.name)).expect("an upstream");
    match &upstream.discovery {
        Discovery::OriginalDestination { port_override } => format!("dialled {port_override:?}"),
        Discovery::Static(groups) => match &groups[0].endpoints[0].address {
            EndpointAddress::Ip(address, port) => format!("{address} {port}"),
            EndpointAddress::Unix(path) => path.clone(),
            EndpointAddress::Name(..) => panic!("a name"),
        },
        other => panic!("{other:?}"),
    }
}

/// Different findings about the listener. (Listeners and upstreams read it each; a report shows a finding once.)
fn told(diags: &Diagnostics) -> usize {
    let about = diags.iter().filter(|finding| finding.code == &codes::SIDECAR_INGRESS_ENDPOINT);
    about.map(|finding| &finding.message).collect::<BTreeSet<_>>().len()
}

#[test]
fn captured_connections_go_to_the_stated_place_or_to_the_address_that_was_dialled() {
    for (stated, place) in [
        ("127.0.0.1:8080", "127.0.0.1 8080"),
        ("'[::1]:8080'", "127.0.0.1 8080"),
        ("0.0.0.0:8080", "dialled Some(8080)"),
        ("'[::]:8080'", "dialled Some(8080)"),
        ("unix:///run/app.sock", "/run/app.sock"),
        ("''", "dialled None"),
    ] {
        let (plan, diags) = compile("", &format!("defaultEndpoint: {stated}"));
        assert_eq!((leads_to(&plan).as_str(), told(&diags)), (place, 0), "{stated}");
    }
}

#[test]
fn a_listener_that_binds_its_port_has_no_dialled_address() {
    for (stated, place, findings) in [
        ("127.0.0.1:8080", "127.0.0.1 8080", 0),
        ("0.0.0.0:8080", "127.0.0.1 8080", 1),
        ("unix:///run/app.sock", "/run/app.sock", 0),
        ("''", "dialled None", 1),
    ] {
        let (plan, diags) = compile("", &format!("captureMode: NONE, defaultEndpoint: {stated}"));
        assert_eq!((leads_to(&plan).as_str(), told(&diags)), (place, findings), "{stated}");
    }
}

#[test]
fn a_stated_capture_mode_counts_for_pods_that_capture_nothing() {
    let uncaptured = ", annotations: {sidecar.istio.io/interceptionMode: NONE}";
    let heard = |listener: &str| {
        let (plan, _) = compile(uncaptured, &format!("{listener}defaultEndpoint: 127.0.0.1:8080"));
        plan.proxies.values().next().expect("a proxy").listeners.len()
    };
    assert_eq!((heard(""), heard("captureMode: NONE, "), heard("captureMode: IPTABLES, ")), (1, 1, 0));
}
