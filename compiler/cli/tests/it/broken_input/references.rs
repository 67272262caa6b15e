//! References to what is not there.

use super::{Case, End};
use crate::sandbox::Sandbox;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "unknown-host",
        input: |sandbox| routes(sandbox, "    - destination:\n        host: kart\n"),
        end: End::Contained,
        findings: &["mesh/routes.yaml:12:15: error[unknown-host]"],
    },
    Case {
        name: "unknown-host-of-another-namespace",
        input: |sandbox| {
            routes(sandbox, "    - destination:\n        host: ratings.prod\n");
            let head = "apiVersion: v1\nkind: Service\nmetadata:\n  name: ratings\n  namespace: prod\n";
            let spec = "spec:\n  selector: {app: ratings}\n  ports: [{name: http, port: 80}]\n";
            sandbox.file("mesh/ratings.yaml", format!("{head}{spec}"));
        },
        end: End::Contained,
        findings: &["mesh/routes.yaml:12:15: error[unknown-host]"],
    },
    Case {
        name: "unknown-subset",
        input: |sandbox| {
            let first = "    - destination:\n        host: cart\n        subset: v1\n      weight: 80\n";
            let second = "    - destination:\n        host: cart\n        subset: v3\n      weight: 20\n";
            routes(sandbox, &format!("{first}{second}"));
            let head = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: cart\n";
            let subset = |name: &str| format!("  - name: {name}\n    labels: {{version: {name}}}\n");
            let subsets = format!("{}{}", subset("v1"), subset("v2"));
            sandbox.file(
                "mesh/subsets.yaml",
                format!("{head}  namespace: shop\nspec:\n  host: cart\n  subsets:\n{subsets}"),
            );
        },
        end: End::Contained,
        findings: &["mesh/routes.yaml:17:17: error[unknown-subset]"],
    },
    Case {
        name: "subset-without-destination-rule",
        input: |sandbox| routes(sandbox, "    - destination:\n        host: cart\n        subset: v1\n"),
        end: End::Contained,
        findings: &["mesh/routes.yaml:13:17: error[unknown-subset]"],
    },
    Case {
        name: "unknown-gateway",
        input: |sandbox| {
            let head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: edge\n";
            let spec =
                "  namespace: shop\nspec:\n  hosts: [shop.example.com]\n  gateways: [istio-system/edge]\n";
            let rule = "  http:\n  - route:\n    - destination: {host: cart}\n";
            sandbox.file("mesh/routes.yaml", format!("{head}{spec}{rule}"));
        },
        end: End::Contained,
        findings: &["mesh/routes.yaml:8:14: error[unknown-gateway]"],
    },
    Case {
        name: "two-virtual-services-for-one-host",
        input: |sandbox| {
            routes(sandbox, "    - destination:\n        host: cart\n");
            let head =
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: cart-2\n";
            let rule =
                "  http:\n  - fault:\n      abort: {httpStatus: 503, percentage: {value: 100}}\n    route:\n";
            let spec = format!("  namespace: shop\nspec:\n  hosts: [cart]\n{rule}");
            let destination = "    - destination: {host: cart}\n";
            sandbox.file("mesh/more-routes.yaml", format!("{head}{spec}{destination}"));
        },
        end: End::Clean,
        findings: &["mesh/more-routes.yaml:7:11: warning[duplicate-host]"],
    },
];

/// A VirtualService of `cart` with one rule, whose destinations begin on line 11.
fn routes(sandbox: &Sandbox, destinations: &str) {
    let head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: cart\n";
    let spec = "  namespace: shop\nspec:\n  hosts:\n  - cart\n  http:\n  - route:\n";
    sandbox.file("mesh/routes.yaml", format!("{head}{spec}{destinations}"));
}
