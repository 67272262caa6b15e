//! `docs/reference/targets.md`: what each target has.

use std::fmt::Write as _;

use meshc_diagnostics::codes;

use super::{COMMON, Fate, Feature, LACKING, Support};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/targets.md");

const INTRODUCTION: &str = "\
# Targets

<!-- Generated from compiler/emit/src/proxy/feature.rs: `BLESS=1 cargo test -p meshc-emit --lib`. -->

One plan is compiled for three programs:

- *stock Envoy*: `meshc build`; any released Envoy from 1.36 on.
- *Istio's Envoy*: `meshc build --envoy istio-proxy`; the image `proxyv2`.
- *meshc-proxy*: `meshc build --target proxy`; the bundled proxy.

The annotation `meshc.dev/target: envoy` or `meshc.dev/target: proxy` of a pod template chooses for one workload, and
`--target NAMESPACE/WORKLOAD=proxy` does so without touching the tree. Both kinds of proxy talk to each other over Istio's mTLS.
";

fn support(support: Support) -> String {
    match support {
        Support::Yes => "yes".to_owned(),
        Support::No(why) => format!("no: {why}"),
        Support::Partly(how) => format!("partly: {how}"),
    }
}

fn lacking(feature: &Feature) -> String {
    let Feature { name, stock, istio, fate, consequence, otherwise: _ } = feature;
    let code = match fate {
        Fate::Refused => &codes::NEEDS_ENVOY,
        Fate::Ignored => &codes::NOT_DONE_BY_PROXY,
    };
    let (stock, istio) = (support(*stock), support(*istio));
    format!("| {name} | {stock} | {istio} | `{}`: {consequence} |\n", code.name)
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let table = "\n| feature | stock Envoy | Istio's Envoy | meshc-proxy |\n|---|---|---|---|\n";
    page.push_str(table);
    for (name, stock, istio, proxy) in COMMON {
        let row = [stock, istio, proxy].map(|target| support(*target)).join(" | ");
        writeln!(page, "| {name} | {row} |").unwrap();
    }
    page.push_str("\n## What only Envoy has\n\nA build for meshc-proxy fails with `needs-envoy` (MC6021) where traffic would go another way, and\nwarns with `not-done-by-proxy` (MC6022) where it goes the same way.\n");
    page.push_str(table);
    for feature in LACKING {
        page.push_str(&lacking(feature));
    }
    page
}

/// `BLESS=1 cargo test -p meshc-emit --lib` writes it.
#[test]
fn the_page_of_targets_is_current() {
    let current = page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(PAGE, &current).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == current, "{PAGE} is not current; BLESS=1 writes it");
}

#[test]
fn features_have_names_of_their_own_and_say_what_is_lost() {
    let names: std::collections::BTreeSet<&str> = LACKING.iter().map(|feature| feature.name).collect();
    assert_eq!(names.len(), LACKING.len());
    assert!(LACKING.iter().all(|feature| !feature.consequence.is_empty()));
}
