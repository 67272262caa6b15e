//! Files that are not YAML or JSON, or more of it than is read.

use std::fmt::Write as _;

use super::{Case, End};
use crate::sandbox::Sandbox;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "list-item-where-a-key-must-stand",
        input: |sandbox| bad(sandbox, "spec:\n  http:\n  - route: []\n   - timeout: 5s\n"),
        end: End::Refused,
        findings: &["mesh/bad.yaml:9:4: error[yaml-syntax]"],
    },
    Case {
        name: "key-with-wrong-indentation",
        input: |sandbox| bad(sandbox, "spec:\n  hosts:\n  - cart\n http: []\n"),
        end: End::Refused,
        findings: &["mesh/bad.yaml:9:2: error[yaml-syntax]"],
    },
    Case {
        name: "colon-in-a-value",
        input: |sandbox| {
            sandbox.file("mesh/bad.yaml", "kind: ConfigMap\ndata:\n  greeting: hello: world\n");
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:3:18: error[yaml-syntax]"],
    },
    Case {
        name: "quote-left-open",
        input: |sandbox| bad(sandbox, "spec:\n  hosts: [\"cart]\n"),
        end: End::Refused,
        findings: &["mesh/bad.yaml:7:11: error[yaml-syntax]"],
    },
    Case {
        name: "bracket-left-open",
        input: |sandbox| bad(sandbox, "spec: {hosts: [cart]\nstatus: {}\n"),
        end: End::Refused,
        findings: &["mesh/bad.yaml:7:1: error[yaml-syntax]"],
    },
    Case {
        name: "tab-as-indentation",
        input: |sandbox| bad(sandbox, "spec:\n\thosts:\n\t- cart\n"),
        end: End::Refused,
        findings: &["mesh/bad.yaml:7:1: error[tab-indentation]"],
    },
    Case {
        name: "merge-conflict",
        input: |sandbox| {
            let conflict = "<<<<<<< HEAD\n  - cart\n=======\n  - basket\n>>>>>>> feature\n";
            bad(sandbox, &format!("spec:\n  hosts:\n{conflict}"));
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:8:1: error[yaml-syntax]"],
    },
    Case {
        name: "unrendered-template",
        input: |sandbox| bad(sandbox, "spec:\n  hosts: {{ .Values.hosts }}\n"),
        end: End::Refused,
        findings: &["mesh/bad.yaml:7:10: error[unrendered-template]"],
    },
    Case {
        name: "one-broken-document-of-three",
        input: |sandbox| {
            let first = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n";
            let last =
                "apiVersion: v1\nkind: Service\nmetadata: {name: last}\nspec:\n  ports:\n  - port: 8O80\n";
            let broken = "apiVersion: v1\nkind: Service\nmetadata:\n  name: middle\n namespace: shop\n";
            sandbox.file("mesh/bad.yaml", format!("{first}---\n{broken}---\n{last}"));
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:9:2: error[yaml-syntax]", "mesh/bad.yaml:16:11: error[invalid-value]"],
    },
    Case {
        name: "alias-bomb",
        input: |sandbox| {
            let mut text = String::from("kind: ConfigMap\ndata:\n  a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
            for level in 1..10 {
                let aliases = vec![format!("*a{}", level - 1); 10].join(",");
                writeln!(text, "  a{level}: &a{level} [{aliases}]").unwrap();
            }
            sandbox.file("mesh/bad.yaml", text);
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:12:12: error[excessive-aliasing]"],
    },
    Case {
        name: "anchor-that-contains-itself",
        input: |sandbox| bad(sandbox, "spec: &all\n  http: [*all]\n"),
        end: End::Refused,
        findings: &["mesh/bad.yaml:7:10: error[excessive-aliasing]"],
    },
    Case {
        name: "nesting-without-end",
        input: |sandbox| {
            let deep = format!("spec: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
            bad(sandbox, &deep);
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:6:262: error[nested-too-deep]"],
    },
    Case {
        name: "nesting-without-end-in-json",
        input: |sandbox| {
            sandbox.file("mesh/bad.json", format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000)));
        },
        end: End::Refused,
        findings: &["mesh/bad.json:1:1276: error[nested-too-deep]"],
    },
    Case {
        name: "json-with-a-trailing-comma",
        input: |sandbox| {
            sandbox.file("mesh/bad.json", "{\n  \"kind\": \"Service\",\n  \"apiVersion\": \"v1\",\n}\n");
        },
        end: End::Refused,
        findings: &["mesh/bad.json:3:21: error[json-syntax]"],
    },
    Case {
        name: "yaml-in-a-json-file",
        input: |sandbox| {
            sandbox.file("mesh/bad.json", "kind: Service\napiVersion: v1\n");
        },
        end: End::Refused,
        findings: &["mesh/bad.json:1:1: error[json-syntax]"],
    },
    Case {
        name: "key-twice-in-one-mapping",
        input: |sandbox| {
            sandbox.file(
                "mesh/bad.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n  name: b\n",
            );
        },
        end: End::Clean,
        findings: &["mesh/bad.yaml:6:3: warning[duplicate-key]"],
    },
];

/// A VirtualService whose `spec` is broken, which begins on line 6.
fn bad(sandbox: &Sandbox, rest: &str) {
    let head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: cart\n";
    sandbox.file("mesh/bad.yaml", format!("{head}  namespace: shop\n{rest}"));
}
