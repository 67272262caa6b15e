//! Rules of admission of the Istio kinds, each with an object of ours that breaks it.

#![cfg(test)]

use std::sync::Arc;

use meshc_api::decode;
use meshc_diagnostics::{Diagnostics, FileId, Severity};

/// Errors and warnings about an object with this spec, as `path: message`.
fn findings(kind: &str, spec: &str) -> Vec<(Severity, String)> {
    let group = match kind {
        "AuthorizationPolicy" | "PeerAuthentication" | "RequestAuthentication" => "security.istio.io/v1",
        "Telemetry" => "telemetry.istio.io/v1",
        "WasmPlugin" | "TrafficExtension" => "extensions.istio.io/v1alpha1",
        "EnvoyFilter" => "networking.istio.io/v1alpha3",
        "ProxyConfig" => "networking.istio.io/v1beta1",
        _ => "networking.istio.io/v1",
    };
    let text =
        format!("{{apiVersion: {group}, kind: {kind}, metadata: {{name: a, namespace: ns}}, spec: {spec}}}");
    let mut diagnostics = Diagnostics::new();
    let documents = meshc_source::parse_file(FileId(0), &Arc::from(text), &mut diagnostics);
    let documents: Vec<_> = documents.into_iter().map(Arc::new).collect();
    let _ = decode(&documents, &mut diagnostics);
    diagnostics
        .iter()
        .map(|finding| {
            let path = finding.path.as_deref().unwrap_or_default();
            (finding.severity, format!("{path}: {}", finding.message))
        })
        .collect()
}

/// Every spec has exactly one error, which starts as stated.
fn refuses(kind: &str, cases: &[(&str, &str)]) {
    for (spec, expected) in cases {
        let found = findings(kind, spec);
        let errors: Vec<_> = found.iter().filter(|(severity, _)| *severity == Severity::Error).collect();
        assert!(
            matches!(errors.as_slice(), [(_, error)] if error.starts_with(expected)),
            "{kind} {spec}\nexpected {expected}\nfound {found:?}"
        );
    }
}

/// Every spec has no error.
fn accepts(kind: &str, specs: &[&str]) {
    for spec in specs {
        let found = findings(kind, spec);
        assert!(
            found.iter().all(|(severity, _)| *severity != Severity::Error),
            "{kind} {spec}\nfound {found:?}"
        );
    }
}

#[test]
fn virtual_services_name_hosts_and_gateways_that_can_be() {
    let http = "http: [{route: [{destination: {host: b}}]}]";
    refuses(
        "VirtualService",
        &[
            (&format!("{{hosts: ['*'], {http}}}"), "spec.hosts[0]: only gateways can route every host"),
            (&format!("{{hosts: [a..b], {http}}}"), "spec.hosts[0]: `a..b` is not a host name"),
            (&format!("{{hosts: ['*.a', b.a], {http}}}"), "spec.hosts[1]: the hosts `*.a` and `b.a` overlap"),
            (
                &format!("{{hosts: [a], gateways: ['*/g'], {http}}}"),
                "spec.gateways[0]: `*` is not the name of a namespace",
            ),
            (&format!("{{gateways: [g], {http}}}"), "spec.gateways: a VirtualService without `hosts`"),
            (
                &format!("{{hosts: [a], exportTo: [., ns], {http}}}"),
                "spec.exportTo[1]: `ns` names a namespace",
            ),
            ("{hosts: [a]}", "spec: a VirtualService needs `http`, `tls` or `tcp`"),
        ],
    );
    accepts(
        "VirtualService",
        &[
            &format!("{{hosts: ['*'], gateways: [x/g], {http}}}"),
            &format!("{{hosts: [10.0.0.1, a.b], gateways: [mesh], exportTo: ['*'], {http}}}"),
            "{http: [{route: [{destination: {host: b}}]}]}",
        ],
    );
}

#[test]
fn http_rules_do_one_thing() {
    let rule = |fields: &str| format!("{{hosts: [a], http: [{{{fields}}}]}}");
    let route = "route: [{destination: {host: b}}]";
    refuses(
        "VirtualService",
        &[
            (&rule("name: x"), "spec.http[0]: a rule needs `route`, `redirect` or `directResponse`"),
            (
                &rule(&format!("{route}, redirect: {{uri: /}}")),
                "spec.http[0].redirect: only one of `route`, `redirect`",
            ),
            (&rule("directResponse: {status: 99}"), "spec.http[0].directResponse.status: status 99"),
            (
                &rule("redirect: {uri: /, redirectCode: 200}"),
                "spec.http[0].redirect.redirectCode: 200 is not",
            ),
            (&rule(&format!("{route}, delegate: {{name: d}}")), "spec.http[0].route: a rule that delegates"),
            (&rule(&format!("{route}, timeout: 10us")), "spec.http[0].timeout: `0.000010s` is shorter"),
            (
                &rule(&format!("{route}, retries: {{perTryTimeout: 1s}}")),
                "spec.http[0].retries: `attempts` is 0",
            ),
            (
                &rule(&format!("{route}, retries: {{attempts: 1, retryOn: '5xx, reset'}}")),
                "spec.http[0].retries.retryOn",
            ),
            (&rule(&format!("{route}, rewrite: {{}}")), "spec.http[0].rewrite: a rewrite needs"),
            (&rule(&format!("{route}, fault: {{}}")), "spec.http[0].fault: a fault needs"),
            (
                &rule(&format!("{route}, match: [{{uri: {{regex: '('}}}}]")),
                "spec.http[0].match[0].uri.regex: `(` is not",
            ),
            (
                &rule(&format!("{route}, match: [{{uri: {{prefix: ''}}}}]")),
                "spec.http[0].match[0].uri.prefix: a prefix",
            ),
            (
                &rule(&format!("{route}, match: [{{uri: {{prefix: /, exact: /}}}}]")),
                "spec.http[0].match[0].uri: only one of `exact`, `prefix`, `regex` can be set",
            ),
            (
                &rule(&format!(
                    "{route}, match: [{{headers: {{'@request.auth.claims.sub': {{exact: a}}}}}}]"
                )),
                "spec.http[0].match[0].headers[\"@request.auth.claims.sub\"]: only gateways can route by the claims",
            ),
            (
                &rule(&format!("{route}, headers: {{request: {{set: {{x: '%a'}}}}}}")),
                "spec.http[0].headers.request.set.x",
            ),
            (
                &rule("route: [{destination: {host: b}}, {destination: {host: c}}]"),
                "spec.http[0].route: the weights",
            ),
            (
                &rule("route: [{destination: {host: '*'}}]"),
                "spec.http[0].route[0].destination.host: a destination",
            ),
        ],
    );
    accepts("VirtualService", &[&rule("delegate: {name: d}"), &rule("redirect: {prefixRewrite: /x}")]);
}

#[test]
fn tls_and_tcp_rules_need_names_and_destinations() {
    let route = "route: [{destination: {host: b}}]";
    refuses(
        "VirtualService",
        &[
            (
                &format!("{{hosts: [a.b], tls: [{{match: [{{sniHosts: [c.d]}}], {route}}}]}}"),
                "spec.tls[0].match[0].sniHosts",
            ),
            (
                "{hosts: [a.b], tls: [{match: [{sniHosts: [a.b]}]}]}",
                "spec.tls[0]: a TLS rule needs a `route`",
            ),
            (
                &format!("{{hosts: [a], tcp: [{{match: [{{destinationSubnets: [x]}}], {route}}}]}}"),
                "spec.tcp[0].match[0]",
            ),
            ("{hosts: [a], tcp: [{}]}", "spec.tcp[0]: a TCP rule needs a `route`"),
        ],
    );
}

#[test]
fn matches_and_rules_without_traffic_are_told() {
    let spec = "{hosts: [a], http: [
        {match: [{uri: {prefix: /a}}], route: [{destination: {host: b}}]},
        {match: [{name: x, uri: {prefix: /a}}], route: [{destination: {host: b}}]},
        {match: [{uri: {prefix: /ab}}], route: [{destination: {host: b}}]}]}";
    let found: Vec<_> = findings("VirtualService", spec).into_iter().map(|(_, text)| text).collect();
    let expected = [
        "spec.http[1].match[0]: the match has no effect: `http[0].match[0]` is the same",
        "spec.http[1]: the rule is never used: earlier rules have all of its matches",
        "spec.http[2].match[0]: the match has no effect: `http[0].match[0]` takes its traffic by the prefix `/a`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn destination_rules_state_policies_that_can_be() {
    let policy = |fields: &str| format!("{{host: a, trafficPolicy: {{{fields}}}}}");
    refuses(
        "DestinationRule",
        &[
            (
                "{host: a, subsets: [{name: x}, {name: x}]}",
                "spec.subsets[1].name: two subsets are called `x`",
            ),
            (
                "{host: a, subsets: [{name: v1.0}]}",
                "spec.subsets[0].name: `v1.0` is not the name of a subset",
            ),
            (
                "{host: a, workloadSelector: {matchLabels: {a: b}}, exportTo: ['*']}",
                "spec.exportTo: a DestinationRule",
            ),
            (&policy(""), "spec.trafficPolicy: a traffic policy must not be empty"),
            (
                &policy("connectionPool: {}"),
                "spec.trafficPolicy.connectionPool: a connection pool must not be empty",
            ),
            (
                &policy("portLevelSettings: [{tls: {}}]"),
                "spec.trafficPolicy.portLevelSettings[0]: a policy for a port needs",
            ),
            (
                &policy("tls: {mode: MUTUAL, privateKey: k}"),
                "spec.trafficPolicy.tls: `MUTUAL` needs `clientCertificate`",
            ),
            (
                &policy("loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: true}}"),
                "spec.trafficPolicy.loadBalancer: only one of `simple`, `consistentHash`",
            ),
            (
                &policy("loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 4}}}"),
                "spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize",
            ),
            (
                &policy("loadBalancer: {localityLbSetting: {distribute: [{from: a, to: {a: 60, b: 50}}]}}"),
                "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the weights add up to 110",
            ),
            (
                &policy("outlierDetection: {consecutiveLocalOriginFailures: 1}"),
                "spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures",
            ),
            (
                &policy("tunnel: {protocol: GET, targetHost: b, targetPort: 1}"),
                "spec.trafficPolicy.tunnel.protocol",
            ),
        ],
    );
    accepts("DestinationRule", &["{host: '*.a'}", &policy("connectionPool: {tcp: {idleTimeout: 0s}}")]);
}

#[test]
fn gateways_have_servers_with_hosts_and_certificates() {
    let server = |fields: &str| {
        format!("{{servers: [{{port: {{number: 443, name: p, protocol: HTTPS}}, {fields}}}]}}")
    };
    refuses(
        "Gateway",
        &[
            ("{}", "spec: a Gateway needs a server"),
            (&server("hosts: [a.b]"), "spec.servers[0]: a server for HTTPS or TLS needs `tls`"),
            (
                &server("hosts: [a], tls: {mode: ISTIO_MUTUAL}"),
                "spec.servers[0].hosts[0]: `a` is a short name",
            ),
            (
                &server("hosts: ['*a.b'], tls: {mode: ISTIO_MUTUAL}"),
                "spec.servers[0].hosts[0]: `*a.b` has a `*`",
            ),
            (
                &server("hosts: [a.b], tls: {mode: SIMPLE, privateKey: k}"),
                "spec.servers[0].tls: `SIMPLE` needs `serverC",
            ),
            (
                &server("hosts: [a.b], tls: {mode: MUTUAL, credentialName: c, tlsCertificates: [{}]}"),
                "spec.servers[0].tls: only one of `credentialName`",
            ),
            (
                "{servers: [{hosts: [a.b], port: {number: 80, name: p, protocol: SMTP}}]}",
                "spec.servers[0].port.protocol: `SMTP` is not a protocol",
            ),
        ],
    );
    accepts(
        "Gateway",
        &[&server("hosts: ['*', ./a.b, n/*.c, 1.1.1.1], tls: {mode: MUTUAL, credentialName: c}")],
    );
}

#[test]
fn service_entries_have_endpoints_that_fit_the_resolution() {
    let entry = |fields: &str| {
        format!("{{hosts: [a.b], ports: [{{number: 80, name: h, protocol: HTTP}}], {fields}}}")
    };
    refuses(
        "ServiceEntry",
        &[
            ("{hosts: ['*.b'], resolution: DNS}", "spec.hosts[0]: `*.b` cannot be looked up"),
            (
                &entry("endpoints: [{address: 1.1.1.1}]"),
                "spec.endpoints: the resolution `NONE` has no endpoints",
            ),
            (
                &entry("resolution: STATIC, endpoints: [{address: c.d}]"),
                "spec.endpoints[0].address: `c.d` is not an IP",
            ),
            (&entry("resolution: DNS, addresses: [10.0.0.0/8]"), "spec.addresses: blocks of addresses need"),
            (&entry("resolution: DYNAMIC_DNS"), "spec.hosts[0]: `a.b` is no wildcard"),
            (
                &entry("resolution: STATIC, endpoints: [{address: 1.1.1.1, ports: {x: 1}}]"),
                "spec.endpoints[0].ports.x: the service has no port called `x`",
            ),
            (
                "{hosts: [a.b, c.d], resolution: DNS, ports: [{number: 1, name: t, protocol: TCP}]}",
                "spec.hosts: several hosts need ports for HTTP or TLS",
            ),
        ],
    );
    accepts("ServiceEntry", &[&entry("resolution: DNS"), &entry("exportTo: ['~']")]);
}

#[test]
fn workloads_outside_kubernetes_have_addresses_and_checks() {
    refuses(
        "WorkloadEntry",
        &[
            ("{}", "spec: an `address` is required"),
            ("{address: 'unix://a'}", "spec.address: `a` is not the absolute path"),
            ("{address: 'a:80'}", "spec.address: `a:80` is neither"),
        ],
    );
    refuses(
        "WorkloadGroup",
        &[
            ("{template: {}, probe: {}}", "spec.probe: a probe needs `httpGet`"),
            ("{template: {ports: {a: 70000}}}", "spec.template.ports.a: port number 70000"),
            ("{template: {}, probe: {httpGet: {port: 1, scheme: FTP}}}", "spec.probe.httpGet.scheme"),
        ],
    );
}

#[test]
fn sidecars_listen_and_import_what_can_be() {
    refuses(
        "Sidecar",
        &[
            ("{}", "spec: a Sidecar needs"),
            ("{egress: [{hosts: [a.b]}]}", "spec.egress[0].hosts[0]: `a.b` is not of the form"),
            (
                "{egress: [{hosts: ['*/*']}, {hosts: [ns/a.b], port: {number: 1}}]}",
                "spec.egress[0]: a listener without",
            ),
            (
                "{ingress: [{port: {number: 1}, defaultEndpoint: '1.1.1.1:1'}]}",
                "spec.ingress[0].defaultEndpoint",
            ),
            (
                "{ingress: [{port: {number: 1}}, {port: {number: 1}}]}",
                "spec.ingress[1].port.number: two inbound",
            ),
            (
                "{outboundTrafficPolicy: {egressProxy: {host: a, port: {number: 1}}}}",
                "spec.outboundTrafficPolicy.egress",
            ),
        ],
    );
    accepts("Sidecar", &["{egress: [{hosts: ['./*', '~n/*', '~/x.y', '*/a.b']}]}"]);
}

#[test]
fn security_policies_say_whom_and_what_they_are_for() {
    refuses(
        "PeerAuthentication",
        &[
            ("{portLevelMtls: {80: {mode: STRICT}}}", "spec.portLevelMtls: modes of single ports need"),
            (
                "{selector: {matchLabels: {a: b}}, portLevelMtls: {x: {}}}",
                "spec.portLevelMtls.x: `x` is not a port",
            ),
            (
                "{selector: {matchLabels: {a: 'b*'}}}",
                "spec.selector.matchLabels.a: a selector has no wildcards",
            ),
        ],
    );
    refuses(
        "RequestAuthentication",
        &[
            ("{jwtRules: [{}]}", "spec.jwtRules[0]: a rule needs an `issuer`"),
            ("{jwtRules: [{issuer: a, jwksUri: a.b}]}", "spec.jwtRules[0].jwksUri: `a.b` does not start"),
            ("{jwtRules: [{issuer: a, jwks: '[]'}]}", "spec.jwtRules[0].jwks: the key set is not"),
            ("{targetRefs: [{kind: Pod, name: x}]}", "spec.targetRefs[0]: a policy cannot target `/Pod`"),
        ],
    );
    refuses(
        "AuthorizationPolicy",
        &[
            ("{action: DENY}", "spec: without `rules` the policy never matches"),
            ("{action: CUSTOM, rules: [{}]}", "spec.provider: the action `CUSTOM` needs"),
            ("{provider: {name: p}, rules: [{}]}", "spec.provider: only the action `CUSTOM`"),
            (
                "{rules: [{from: [{source: {}}]}]}",
                "spec.rules[0].from[0].source: a `source` must not be empty",
            ),
            (
                "{rules: [{to: [{operation: {ports: ['x']}}]}]}",
                "spec.rules[0].to[0].operation.ports[0]: `x` is not",
            ),
            (
                "{rules: [{when: [{key: a, values: [b]}]}]}",
                "spec.rules[0].when[0].key: Istio knows no attribute",
            ),
            (
                "{rules: [{from: [{source: {serviceAccounts: [a], namespaces: [b]}}]}]}",
                "spec.rules[0].from[0].source: service accounts cannot stand together",
            ),
        ],
    );
    accepts("AuthorizationPolicy", &["{}", "{rules: [{from: [{source: {trustDomains: [td]}}]}]}"]);
}

#[test]
fn telemetry_and_extensions_are_complete() {
    refuses(
        "Telemetry",
        &[
            ("{accessLogging: [{filter: {expression: 'a ='}}]}", "spec.accessLogging[0].filter.expression"),
            (
                "{metrics: [{overrides: [{tagOverrides: {x: {}}}]}]}",
                "spec.metrics[0].overrides[0].tagOverrides.x",
            ),
            (
                "{tracing: [{customTags: {x: {literal: {value: a}, header: {name: b}}}}]}",
                "spec.tracing[0].customTags.x",
            ),
        ],
    );
    refuses(
        "WasmPlugin",
        &[
            ("{url: 'ftp://a/b'}", "spec.url: the scheme `ftp`"),
            (
                "{url: a, vmConfig: {env: [{name: x}, {name: x}]}}",
                "spec.vmConfig.env[1].name: the variable `x`",
            ),
        ],
    );
    refuses("TrafficExtension", &[("{}", "spec: exactly one of `wasm` and `lua`")]);
    refuses(
        "EnvoyFilter",
        &[
            ("{configPatches: [{applyTo: CLUSTER}]}", "spec.configPatches[0]: a `patch` is required"),
            (
                "{configPatches: [{applyTo: CLUSTER, match: {listener: {}}, patch: {operation: REMOVE}}]}",
                "spec.configPatches[0].match: clusters are matched by `cluster`",
            ),
        ],
    );
}
