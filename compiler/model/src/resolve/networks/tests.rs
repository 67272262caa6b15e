use super::*;
use crate::fixture::{deployment, resolve_networks, service};
use crate::{Reach, Workload};

const NETWORKS: &str = "networks:\n  a:\n    endpoints: [{fromRegistry: Kubernetes}]\n    \
    gateways: [{registryServiceName: gate.edge.svc.cluster.local, port: 15443}]\n  b:\n    \
    endpoints: [{fromCidr: 10.2.0.0/16}]\n    gateways: [{address: b.example, port: 443}, {address: 192.0.2.9, port: 443}]\n";

fn in_network(yaml: String, network: &str) -> String {
    yaml.replace("version: v1}", &format!("version: v1, {NETWORK}: {network}}}"))
}

fn through(mesh: &Mesh, workload: &Workload, network: &str) -> Vec<String> {
    match mesh.reach(workload, Some(network)) {
        Reach::Direct => vec!["direct".to_owned()],
        Reach::Hidden => vec!["hidden".to_owned()],
        Reach::Through(list) => {
            list.iter().map(|gateway| format!("{}:{}", gateway.address, gateway.port)).collect()
        }
    }
}

#[test]
fn gateways_are_stated_named_or_labelled() {
    let gate = service("edge", "gate", "{name: tls, port: 15443}")
        .replace("spec:\n", "spec:\n  externalIPs: [192.0.2.1]\n");
    let labelled = service("edge", "c", "{name: tls, port: 443}")
        .replace("namespace: edge}", "namespace: edge, labels: {topology.istio.io/network: c, networking.istio.io/gatewayPort: '443'}}")
        .replace("spec:\n", "spec:\n  externalIPs: [192.0.2.3]\n");
    let yaml = [gate, labelled, deployment("ns", "plain"), in_network(deployment("ns", "far"), "b")].concat();
    let fixture = resolve_networks(&yaml, NETWORKS);
    let mesh = &fixture.mesh;
    let (plain, far) = (fixture.workload("ns.plain"), fixture.workload("ns.far"));
    assert_eq!(plain.network.as_deref(), Some("a"));
    assert_eq!(through(mesh, plain, "a"), ["direct"]);
    assert_eq!(through(mesh, plain, "b"), ["192.0.2.9:443", "b.example:443"]);
    assert_eq!(through(mesh, far, "a"), ["192.0.2.1:15443"]);
    assert_eq!(through(mesh, far, "c"), ["192.0.2.3:443"]);
    assert_eq!(through(mesh, far, "d"), ["direct"]);
    assert_eq!(mesh.networks.weight_scale(), 2);
}

#[test]
fn a_node_port_is_entered_at_the_nodes_that_the_annotation_selects() {
    let gate = service("edge", "gate", "{name: tls, port: 15443, nodePort: 31443}")
        .replace(
            "namespace: edge}",
            "namespace: edge, annotations: {traffic.istio.io/nodeSelector: '{\"role\": \"edge\"}'}}",
        )
        .replace("spec:\n", "spec:\n  type: NodePort\n");
    let node = |name: &str, role: &str, ip: &str| {
        format!(
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{role: {role}}}}}\n\
             status: {{addresses: [{{type: InternalIP, address: 10.0.0.1}}, {{type: ExternalIP, address: {ip}}}]}}\n"
        )
    };
    let yaml = [
        gate,
        node("one", "edge", "192.0.2.1"),
        node("two", "app", "192.0.2.2"),
        in_network(deployment("ns", "far"), "b"),
    ];
    let fixture = resolve_networks(&yaml.concat(), NETWORKS);
    assert_eq!(through(&fixture.mesh, fixture.workload("ns.far"), "a"), ["192.0.2.1:31443"]);
}

#[test]
fn a_proxy_may_ask_for_some_networks_only() {
    let view = "annotations: {proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_REQUESTED_NETWORK_VIEW: \"b,c\"}}'}, labels: {app";
    let yaml = deployment("ns", "w").replace("labels: {app: w,", &format!("{view}: w,"));
    let fixture = resolve_networks(&yaml, NETWORKS);
    let workload = fixture.workload("ns.w");
    assert_eq!(through(&fixture.mesh, workload, "a"), ["hidden"]);
    assert_eq!(through(&fixture.mesh, workload, "c"), ["direct"]);
    assert_eq!(fixture.mesh.reach(workload, None), Reach::Direct);
}

#[test]
fn a_gateway_without_an_address_is_reported_with_the_way_out() {
    let yaml = [
        service("edge", "gate", "{name: tls, port: 15443}"),
        service("ns", "web", "{name: http, port: 80}"),
        deployment("ns", "web"),
        in_network(deployment("ns", "far"), "b"),
    ];
    let fixture = resolve_networks(&yaml.concat(), NETWORKS);
    let texts = fixture.texts();
    let found: Vec<_> = texts.iter().filter(|text| text.contains("network-without-gateway")).collect();
    assert_eq!(found.len(), 1, "{texts:?}");
    assert!(
        found[0].contains("Service edge/gate leads into the network `a`") && found[0].contains("externalIPs")
    );
}

#[test]
fn an_address_is_in_the_network_whose_block_holds_it() {
    let networks = MeshNetworks {
        networks: [(
            "b".to_owned(),
            Network {
                endpoints: vec![meshc_api::mesh_config::NetworkEndpoints {
                    from_cidr: "10.2.0.0/16".to_owned(),
                    from_registry: String::new(),
                }],
                gateways: Vec::new(),
            },
        )]
        .into(),
    };
    let stated = StatedNetworks::new(&networks, &Options::default());
    assert_eq!(stated.of_address("10.2.3.4".parse().unwrap()), Some("b"));
    assert_eq!(stated.of_address("10.3.3.4".parse().unwrap()), None);
    assert_eq!(stated.of_cluster, None);
}
