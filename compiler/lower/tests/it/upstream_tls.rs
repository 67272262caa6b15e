//! TLS to upstreams, as DestinationRules and Istio mTLS have it.

use meshc_plan::{UpstreamName, UpstreamTls, UpstreamTlsChoice};

use crate::support::{self, CLIENT};

const ANY: &str = "---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: any, namespace: shop}
spec: {hosts: ['*.example.com'], resolution: DYNAMIC_DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
";

/// TLS to the hosts of a wildcard that are resolved on demand.
fn tls_to_any(settings: &str) -> UpstreamTls {
    let rule = format!(
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: any, namespace: shop}}\n\
         spec: {{host: '*.example.com', trafficPolicy: {{tls: {settings}}}}}\n"
    );
    let plan = support::lower(&[("tree.yaml", &format!("{CLIENT}{ANY}{rule}"))], "");
    let proxy = plan.proxies.values().next().expect("a proxy");
    let found = proxy.upstreams.iter().find(
        |upstream| matches!(&upstream.name, UpstreamName::Outbound { host, .. } if host == "*.example.com"),
    );
    match &found.expect("an upstream").tls {
        UpstreamTlsChoice::Always(tls) => UpstreamTls::clone(tls),
        other => panic!("{other:?}"),
    }
}

#[test]
fn hosts_of_a_wildcard_are_known_by_their_own_names() {
    for settings in
        ["{mode: ISTIO_MUTUAL}", "{mode: SIMPLE}", "{mode: SIMPLE, subjectAltNames: [a.example.com]}"]
    {
        let tls = tls_to_any(settings);
        assert_eq!((tls.sni, tls.auto_san_validation), (None, true), "{settings}");
    }
}

#[test]
fn who_checks_no_certificate_checks_no_host_either() {
    let tls = tls_to_any("{mode: SIMPLE, insecureSkipVerify: true}");
    assert_eq!((tls.trust, tls.auto_san_validation), (None, false));
}

#[test]
fn endpoints_of_a_service_entry_may_have_its_names_or_those_of_their_accounts() {
    let entry = "---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: vm, namespace: shop}
spec:
  hosts: [vm.example.com]
  location: MESH_INTERNAL
  resolution: STATIC
  subjectAltNames: [vm.example.com]
  endpoints: [{address: 192.0.2.1, serviceAccount: vm}]
  ports: [{number: 80, name: http, protocol: HTTP}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: vm, namespace: shop}
spec: {host: vm.example.com, trafficPolicy: {tls: {mode: MODE}}}
";
    for mode in ["ISTIO_MUTUAL", "SIMPLE"] {
        let tree = format!("{CLIENT}{ANY}{}", entry.replace("MODE", mode));
        let plan = support::lower(&[("tree.yaml", &tree)], "");
        let proxy = plan.proxies.values().next().expect("a proxy");
        let of_vm = |name: &UpstreamName| matches!(name, UpstreamName::Outbound { host, .. } if host == "vm.example.com");
        let upstream = proxy.upstreams.iter().find(|upstream| of_vm(&upstream.name)).expect("an upstream");
        let UpstreamTlsChoice::Always(tls) = &upstream.tls else { panic!("{:?}", upstream.tls) };
        assert_eq!(tls.names, ["spiffe://cluster.local/ns/shop/sa/vm", "vm.example.com"], "{mode}");
    }
}
