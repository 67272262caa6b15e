//! The types of the Istio kinds against the CRDs that Istio publishes.

#![cfg(test)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use meshc_api::{Kind, istio};
use meshc_diagnostics::{Diagnostics, FileId};
use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value};

/// The published CRDs; `None`, with a reason printed, where this machine does not have them.
fn published() -> Option<Vec<Value>> {
    let path = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/conformance/crds/istio-crds.yaml"
    ));
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(std::env::var_os("CI").is_none(), "CI must have {}", path.display());
        println!("skipped: {} is absent", path.display());
        return None;
    };
    let mut diagnostics = Diagnostics::new();
    let documents = meshc_source::parse_file(FileId(0), &Arc::from(text), &mut diagnostics);
    assert!(!diagnostics.has_errors());
    Some(documents.iter().map(|document| document.deserialize().unwrap()).collect())
}

/// Identity and schema of every Istio type.
fn ours() -> BTreeMap<&'static str, (&'static str, &'static str, &'static [&'static str], Value)> {
    fn entry<T: Kind + JsonSchema>()
    -> (&'static str, (&'static str, &'static str, &'static [&'static str], Value)) {
        (T::KIND, (T::GROUP, T::PLURAL, T::VERSIONS, schema_for!(T).to_value()))
    }
    BTreeMap::from([
        entry::<istio::AuthorizationPolicy>(),
        entry::<istio::DestinationRule>(),
        entry::<istio::EnvoyFilter>(),
        entry::<istio::Gateway>(),
        entry::<istio::PeerAuthentication>(),
        entry::<istio::ProxyConfig>(),
        entry::<istio::RequestAuthentication>(),
        entry::<istio::ServiceEntry>(),
        entry::<istio::Sidecar>(),
        entry::<istio::Telemetry>(),
        entry::<istio::TrafficExtension>(),
        entry::<istio::VirtualService>(),
        entry::<istio::WasmPlugin>(),
        entry::<istio::WorkloadEntry>(),
        entry::<istio::WorkloadGroup>(),
    ])
}

/// Follows references and takes the null off optional values.
fn resolved(schema: &Value, root: &Value) -> Map<String, Value> {
    let mut schema = schema.as_object().cloned().unwrap_or_default();
    loop {
        let inner = if let Some(Value::String(reference)) = schema.remove("$ref") {
            root.pointer(reference.trim_start_matches('#')).cloned().unwrap()
        } else if let Some(Value::Array(options)) = schema.remove("anyOf") {
            options.into_iter().find(|option| option["type"] != "null").unwrap()
        } else {
            return schema;
        };
        for (key, value) in inner.as_object().cloned().unwrap() {
            schema.entry(key).or_insert(value);
        }
    }
}

fn has_type(ours: &Map<String, Value>, published: &str) -> bool {
    match ours.get("type") {
        Some(Value::String(name)) => name == published,
        Some(Value::Array(names)) => names.iter().any(|name| name == published),
        // Enums with a description for each value.
        _ => published == "string" && ours.contains_key("oneOf"),
    }
}

fn values(schema: &Map<String, Value>) -> Vec<String> {
    let plain = schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
    let described = schema.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
    let described = described.iter().filter_map(|option| option.get("const").cloned());
    let mut values: Vec<String> =
        plain.into_iter().chain(described).filter_map(|value| value.as_str().map(str::to_owned)).collect();
    values.sort();
    values
}

/// What a value of the schema must keep to, apart from its fields.
fn limits(schema: &Map<String, Value>) -> BTreeMap<&str, String> {
    let mut limits = BTreeMap::new();
    for key in ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "pattern"]
    {
        if let Some(limit) = schema.get(key) {
            limits.insert(key, limit.to_string());
        }
    }
    for key in ["minimum", "maximum"] {
        // What the width of our integers says already.
        let implied = [0.0, f64::from(u32::MAX)];
        if let Some(limit) = schema.get(key).and_then(Value::as_f64).filter(|limit| !implied.contains(limit))
        {
            limits.insert(key, limit.to_string());
        }
    }
    if let Some(Value::Array(fields)) = schema.get("required") {
        let mut fields: Vec<_> = fields.iter().filter_map(Value::as_str).collect();
        fields.sort_unstable();
        limits.insert("required", fields.join(","));
    }
    limits
}

fn compare(published: &Value, ours: &Value, root: &Value, path: &str, differences: &mut Vec<String>) {
    let theirs = published.as_object().unwrap();
    let ours = resolved(ours, root);
    let kind = theirs["type"].as_str().unwrap();
    if !has_type(&ours, kind) {
        differences.push(format!("{path}: published as {kind}, ours is {:?}", ours.get("type")));
    }
    if values(theirs) != values(&ours) {
        differences.push(format!("{path}: published values {:?}, ours {:?}", values(theirs), values(&ours)));
    }
    if limits(theirs) != limits(&ours) {
        differences.push(format!("{path}: published limits {:?}, ours {:?}", limits(theirs), limits(&ours)));
    }
    let empty = Map::new();
    let fields = |schema: &Map<String, Value>| schema.get("properties").and_then(Value::as_object).cloned();
    let (their_fields, our_fields) =
        (fields(theirs).unwrap_or(empty.clone()), fields(&ours).unwrap_or(empty));
    for (name, field) in &their_fields {
        match our_fields.get(name) {
            Some(our_field) => compare(field, our_field, root, &format!("{path}.{name}"), differences),
            None => differences.push(format!("{path}.{name}: unknown to our type")),
        }
    }
    for name in our_fields.keys().filter(|name| !their_fields.contains_key(*name)) {
        differences.push(format!("{path}.{name}: not published"));
    }
    for (key, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if let Some(inner @ Value::Object(_)) = theirs.get(key) {
            let our_inner = ours.get(key).cloned().unwrap_or_default();
            compare(inner, &our_inner, root, &format!("{path}{mark}"), differences);
        }
    }
}

#[test]
fn every_field_of_the_published_crds_is_known() {
    let Some(crds) = published() else { return };
    let ours = ours();
    let mut differences = Vec::new();
    let mut kinds = 0;
    for crd in &crds {
        let kind = crd["spec"]["names"]["kind"].as_str().unwrap();
        let Some((group, plural, served, root)) = ours.get(kind) else {
            differences.push(format!("{kind}: has no type"));
            continue;
        };
        kinds += 1;
        assert_eq!(
            (crd["spec"]["group"].as_str(), crd["spec"]["names"]["plural"].as_str()),
            (Some(*group), Some(*plural))
        );
        let versions = crd["spec"]["versions"].as_array().unwrap();
        let names: Vec<_> = versions.iter().map(|version| version["name"].as_str().unwrap()).collect();
        let mut expected = served.to_vec();
        expected.sort_unstable();
        assert_eq!(names, expected, "{kind}");
        for version in versions {
            let spec = &version["schema"]["openAPIV3Schema"]["properties"]["spec"];
            compare(spec, root, root, kind, &mut differences);
        }
    }
    assert_eq!(kinds, ours.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
