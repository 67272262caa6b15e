//! Objects that the API server or istiod's webhook would refuse.

use super::{Case, End};
use crate::sandbox::{SHOP, Sandbox};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "unknown-field",
        input: |sandbox| {
            let route = "  - route:\n    - destination: {host: cart}\n";
            virtual_service(sandbox, &format!("{route}    timeOut: 5s\n    retry: {{attempts: 3}}\n"));
        },
        end: End::Clean,
        findings: &[
            "mesh/bad.yaml:12:5: warning[unknown-field]",
            "mesh/bad.yaml:13:5: warning[unknown-field]",
        ],
    },
    Case {
        name: "wrong-types",
        input: |sandbox| {
            let route = "    route:\n    - destination: {host: cart, port: 80}\n      weight: 50%\n";
            virtual_service(sandbox, &format!("  - timeout: 5\n{route}    retries: {{attempts: \"3\"}}\n"));
        },
        end: End::Refused,
        findings: &[
            "mesh/bad.yaml:10:14: error[invalid-value]",
            "mesh/bad.yaml:12:39: error[invalid-value]",
            "mesh/bad.yaml:13:15: error[invalid-value]",
            "mesh/bad.yaml:14:25: error[invalid-value]",
        ],
    },
    Case {
        name: "wrong-types-in-kubernetes-kinds",
        input: |sandbox| {
            let head = "apiVersion: v1\nkind: Service\nmetadata:\n  name: basket\n  namespace: shop\n";
            sandbox.file("mesh/bad.yaml", format!("{head}spec:\n  ports:\n  - port: \"80\"\n"));
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:8:11: error[invalid-value]"],
    },
    Case {
        name: "value-that-is-none-of-the-list",
        input: |sandbox| {
            let head = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n";
            let rest = "  name: default\n  namespace: shop\nspec:\n  mtls:\n    mode: STRIKT\n";
            sandbox.file("mesh/bad.yaml", format!("{head}{rest}"));
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:8:11: error[invalid-value]"],
    },
    Case {
        name: "boolean-that-was-meant-as-text",
        input: |sandbox| {
            let head = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: edge\n";
            let spec = "spec:\n  selector:\n    country: no\n  servers: []\n";
            sandbox.file("mesh/bad.yaml", format!("{head}  namespace: shop\n{spec}"));
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:8:14: error[invalid-value]"],
    },
    Case {
        name: "object-that-the-webhook-refuses",
        input: |sandbox| {
            let match_and_route =
                "  - match: [{uri: {regex: \"[a-\"}}]\n    redirect: {uri: /new}\n    route:\n";
            virtual_service(sandbox, &format!("{match_and_route}    - destination: {{host: cart}}\n"));
        },
        end: End::Refused,
        findings: &[
            "mesh/bad.yaml:10:27: error[refused-by-rule]",
            "mesh/bad.yaml:11:15: error[refused-by-rule]",
        ],
    },
    Case {
        name: "object-defined-twice",
        input: |sandbox| {
            sandbox.file("mesh/shop-copy.yaml", SHOP);
        },
        end: End::Clean,
        findings: &[
            "mesh/shop.yaml:4:9: warning[duplicate-object]",
            "mesh/shop.yaml:11:9: warning[duplicate-object]",
            "mesh/shop.yaml:24:9: warning[duplicate-object]",
        ],
    },
    Case {
        name: "names-that-are-paths",
        input: |sandbox| {
            let object = |kind: &str, api: &str, name: &str, namespace: &str| {
                format!(
                    "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n---\n"
                )
            };
            let text = object("Service", "v1", "../../etc/passwd", "shop")
                + &object("Service", "v1", "basket", "../etc")
                + &object("Deployment", "apps/v1", "'..\\evil'", "shop")
                + &object("Widget", "example.com/v1", "../widget", "shop")
                + &object("../Widget", "example.com/v1", "widget", "shop")
                + &object("Widget", "../example/v1", "widget", "shop");
            sandbox.file("mesh/bad.yaml", text);
        },
        end: End::Refused,
        findings: &[
            "mesh/bad.yaml:3:18: error[invalid-name]",
            "mesh/bad.yaml:7:37: error[invalid-name]",
            "mesh/bad.yaml:11:18: error[invalid-name]",
            "mesh/bad.yaml:15:18: error[invalid-name]",
            "mesh/bad.yaml:18:7: error[unknown-kind]",
            "mesh/bad.yaml:21:13: error[unknown-kind]",
        ],
    },
    Case {
        name: "object-without-a-name",
        input: |sandbox| {
            sandbox.file("mesh/bad.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n");
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:2:7: error[invalid-name]"],
    },
    Case {
        name: "kinds-and-versions-that-do-not-exist",
        input: |sandbox| {
            let object = |api: &str, kind: &str| {
                format!("apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: a\n  namespace: shop\n---\n")
            };
            let text = object("networking.istio.io/v1", "VirtualServices")
                + &object("networking.istio.io/v2", "VirtualService")
                + &object("extensions/v1beta1", "Deployment");
            sandbox.file("mesh/bad.yaml", text);
        },
        end: End::Refused,
        findings: &[
            "mesh/bad.yaml:2:7: error[unknown-kind]",
            "mesh/bad.yaml:7:13: error[unserved-version]",
            "mesh/bad.yaml:14:7: error[unknown-kind]",
        ],
    },
    Case {
        name: "list-with-broken-items",
        input: |sandbox| {
            let list = r#"{
  "apiVersion": "v1",
  "kind": "List",
  "items": [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fine", "namespace": "shop"}},
    "not an object",
    {"apiVersion": "v1", "kind": "Nope", "metadata": {"name": "a"}}
  ]
}
"#;
            sandbox.file("mesh/bad.json", list);
        },
        end: End::Refused,
        findings: &["mesh/bad.json:6:5: error[not-an-object]", "mesh/bad.json:7:34: error[unknown-kind]"],
    },
];

/// A VirtualService of `cart`, whose rules begin on line 10.
fn virtual_service(sandbox: &Sandbox, rules: &str) {
    let head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: cart\n";
    let spec = "  namespace: shop\nspec:\n  hosts:\n  - cart\n  http:\n";
    sandbox.file("mesh/bad.yaml", format!("{head}{spec}{rules}"));
}
