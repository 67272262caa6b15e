//! What is emitted for Istio's build, held against what istiod sent for the same mesh.

use std::path::Path;

use meshc_diagnostics::Diagnostics;
use meshc_emit::envoy::{EnvoyFlavor, EnvoyOptions, EnvoySets};
use meshc_emit::{Emitters, TargetChoice, emit};
use serde_json::{Map, Value};

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance/istiod");

/// A value without what a proxy without a control plane states otherwise: where secrets, routes and endpoints come from. Empty
/// messages are equal to absent ones, and virtual hosts' domains to any order of them.
fn comparable(value: &Value) -> Option<Value> {
    const SOURCES: [&str; 11] = [
        "sdsConfig",
        "edsClusterConfig",
        "type",
        "clusterType",
        "loadAssignment",
        "dnsLookupFamily",
        "respectDnsTtl",
        "dnsRefreshRate",
        "dnsJitter",
        "typedDnsResolverConfig",
        "waitForWarmOnInit",
    ];
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !SOURCES.contains(&key.as_str()));
            let kept: Map<String, Value> =
                kept.filter_map(|(key, value)| Some((key.clone(), comparable(value)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items.iter().map(|item| comparable(item).unwrap_or(Value::Null)).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        Value::String(text) if text.is_empty() => None,
        Value::Null => None,
        other => Some(other.clone()),
    }
}

/// Resources by name; route tables that stand inside of connections are replaced by their names.
fn resources(text: &str) -> Map<String, Value> {
    let list: Vec<Value> = serde_json::from_str(text).unwrap();
    list.iter()
        .map(|resource| {
            let mut value = comparable(resource).unwrap();
            name_routes(&mut value);
            (resource["name"].as_str().unwrap().to_owned(), value)
        })
        .collect()
}

fn name_routes(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(rds) = map.remove("rds") {
                map.insert("routesNamed".into(), rds["routeConfigName"].clone());
            }
            let named = map.get("routeConfig").and_then(|table| table["name"].as_str()).map(str::to_owned);
            if let Some(name) = named.filter(|name| name == "9080") {
                map.remove("routeConfig");
                map.insert("routesNamed".into(), name.into());
            }
            map.values_mut().for_each(name_routes);
        }
        Value::Array(items) => items.iter_mut().for_each(name_routes),
        _ => {}
    }
}

#[test]
fn the_sidecar_of_productpage_is_configured_as_by_istiod() {
    let folder = Path::new(RECORDINGS).join("sample-bookinfo-plain/default.productpage-v1");
    if !folder.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", folder.display());
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let plan = crate::plan::plan([crate::plan::bookinfo::productpage()]);
    let options = EnvoyOptions { flavor: EnvoyFlavor::IstioProxy, ..EnvoyOptions::default() };
    let mut diagnostics = Diagnostics::new();
    let artifacts = emit(
        &plan,
        EnvoySets { bootstrap: false, xds: true },
        &mut Emitters::new(&plan, TargetChoice::default(), options.clone()),
        &mut diagnostics,
    );
    assert_eq!(diagnostics.into_sorted(), []);
    for kind in ["listeners", "routes", "clusters"] {
        let recorded = std::fs::read_to_string(folder.join(format!("{kind}.json"))).unwrap();
        let emitted = artifacts.get(&format!("xds/default.productpage-v1/{kind}.json")).unwrap().to_text();
        let (want, have) = (resources(&recorded), resources(&emitted));
        let names = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&want), names(&have), "{kind}");
        for (name, want) in &want {
            assert_eq!(have[name], *want, "{kind} {name}");
        }
    }
}
