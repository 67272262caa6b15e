//! Names by which requests find their virtual host.

use meshc_plan::{Plan, RouteTable, RouteTableName};

use crate::support::{self, CLIENT};

const WEB: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}, {name: grpc, port: 9000}]}
";

fn lower(object: &str) -> Plan {
    support::lower(&[("tree.yaml", &format!("{CLIENT}{WEB}---\n{object}"))], "")
}

fn table<'a>(plan: &'a Plan, name: &RouteTableName) -> &'a RouteTable {
    let proxy = plan.proxies.values().next().expect("a proxy");
    proxy.route_tables.iter().find(|table| table.name == *name).expect("a table of the name")
}

fn domains<'a>(plan: &'a Plan, table_name: &RouteTableName, host: &str) -> &'a [String] {
    let hosts = &table(plan, table_name).virtual_hosts;
    let names: Vec<_> = hosts.iter().map(|host| &host.name).collect();
    let found = hosts.iter().find(|virtual_host| virtual_host.name == host);
    &found.unwrap_or_else(|| panic!("{host} is not among {names:?}")).domains
}

#[test]
fn a_socket_routes_every_port_of_its_services_and_names_without_a_port_to_port_80() {
    let plan = lower(
        "apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  egress:
  - {port: {number: 0, protocol: HTTP, name: other}, bind: 'unix:///var/run/other.sock', hosts: ['./nothing.example']}
  - {port: {number: 0, protocol: HTTP, name: web}, bind: 'unix:///var/run/web.sock', hosts: ['./*']}
",
    );
    let socket = RouteTableName::Unix("/var/run/web.sock".to_owned());
    let plain = domains(&plan, &socket, "web.shop.svc.cluster.local:80");
    assert!(plain.contains(&"web".to_owned()) && plain.contains(&"10.0.0.1:80".to_owned()), "{plain:?}");
    let grpc = domains(&plan, &socket, "web.shop.svc.cluster.local:9000");
    assert!(grpc.contains(&"web:9000".to_owned()), "{grpc:?}");
    assert!(grpc.iter().all(|domain| domain.ends_with(":9000")), "{grpc:?}");
}

#[test]
fn of_addresses_and_networks_a_request_can_name_the_addresses() {
    let addresses = |stated: &str| {
        let plan = lower(&format!(
            "apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: range, namespace: shop}}
spec:
  hosts: [range.example]
  addresses: [{stated}]
  resolution: NONE
  ports: [{{number: 81, name: http, protocol: HTTP}}]
"
        ));
        domains(&plan, &RouteTableName::Port(81), "range.example:81").last().cloned()
    };
    assert_eq!(addresses("192.0.2.7, 198.51.100.0/24").as_deref(), Some("192.0.2.7"));
    assert_eq!(addresses("198.51.100.0/24, 192.0.2.7").as_deref(), Some("192.0.2.7"));
    assert_eq!(addresses("198.51.100.0/24").as_deref(), Some("198.51.100.0/24"), "as istiod does");
}
