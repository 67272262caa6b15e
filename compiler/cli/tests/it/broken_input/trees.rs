//! Files that are no manifests, and links that lead astray.

use super::{Case, End};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "binary-file",
        input: |sandbox| {
            sandbox.file("mesh/bad.yaml", b"\x7fELF\x02\x01\x01\x00\x00\x00\xff\xfe\x80binary");
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:1:8: error[binary-file]"],
    },
    Case {
        name: "utf-16-file",
        input: |sandbox| {
            let text = "\u{feff}apiVersion: v1\nkind: ConfigMap\n";
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            sandbox.file("mesh/bad.yaml", bytes);
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:1:1: error[not-utf8]"],
    },
    Case {
        name: "latin-1-file",
        input: |sandbox| {
            sandbox.file("mesh/bad.yaml", b"apiVersion: v1\nkind: ConfigMap\ndata: {name: M\xfcller}\n");
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:3:15: error[not-utf8]"],
    },
    Case {
        name: "file-beyond-the-limit",
        input: |sandbox| {
            // Sparse: it takes no room on the disk.
            sandbox.file("mesh/bad.yaml", "");
            let file = std::fs::File::options().write(true).open(sandbox.path().join("mesh/bad.yaml"));
            file.unwrap().set_len(65 << 20).unwrap();
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:1:1: error[file-too-large]"],
    },
    Case {
        name: "links-that-lead-astray",
        input: |sandbox| {
            sandbox.file("secret/key.yaml", "kind: Secret\n");
            sandbox
                .link("mesh/circle.yaml", "circle.yaml")
                .link("mesh/team/back", "..")
                .link("mesh/gone.yaml", "nowhere.yaml")
                .link("mesh/outside.yaml", "../secret/key.yaml")
                .link("mesh/secret", "../secret")
                .link("mesh/same.yaml", "shop.yaml");
        },
        end: End::Refused,
        findings: &[
            "mesh/circle.yaml:1:1: error[symlink-loop]",
            "mesh/gone.yaml:1:1: error[dangling-symlink]",
            "mesh/outside.yaml:1:1: error[symlink-outside-tree]",
            "mesh/secret:1:1: error[symlink-outside-tree]",
            "mesh/team/back:1:1: error[symlink-loop]",
        ],
    },
    Case {
        name: "document-that-is-no-object",
        input: |sandbox| {
            sandbox.file("mesh/bad.yaml", "- apiVersion: v1\n  kind: Service\n");
        },
        end: End::Refused,
        findings: &["mesh/bad.yaml:1:1: error[not-an-object]"],
    },
    Case {
        name: "values-file-among-manifests",
        input: |sandbox| {
            sandbox.file("mesh/values.yaml", "replicas: 3\nimage: cart\n");
        },
        end: End::Clean,
        findings: &["mesh/values.yaml:1:1: warning[incomplete-object]"],
    },
    Case {
        name: "input-of-other-programs",
        input: |sandbox| {
            let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
            sandbox.file("mesh/kustomization.yaml", format!("{kustomization}resources: [shop.yaml]\n"));
            let operator =
                "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata:\n  name: a\n";
            sandbox.file("mesh/operator.yaml", operator);
        },
        end: End::Clean,
        findings: &[
            "mesh/kustomization.yaml:2:7: warning[not-rendered]",
            "mesh/operator.yaml:2:7: warning[not-rendered]",
        ],
    },
];
