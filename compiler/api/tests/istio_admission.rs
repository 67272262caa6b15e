//! Rules of admission against the verdicts of Istio's validators, and against the documents that its
//! published CRDs accept or refuse.

#![cfg(test)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use meshc_api::{Kind, Objector, Report, Resource, decode, istio};
use meshc_diagnostics::{Diagnostics, FileId, Severity};
use meshc_source::Document;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A folder of the conformance data; `None`, with a reason printed, where this machine does not have it.
fn conformance(folder: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance")).join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "CI must have {}", path.display());
    println!("skipped: {} is absent", path.display());
    None
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(ending));
    files.sort();
    files
}

fn document(text: &str) -> Document {
    let mut documents = meshc_source::parse_file(FileId(0), &Arc::from(text), &mut Diagnostics::new());
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

/// What the webhook says: whether it accepts the object, and whether it warns.
fn webhook<T: Kind + DeserializeOwned + Default>(document: &Document) -> (bool, bool, Vec<String>) {
    let Ok(spec) = document.deserialize_at::<T>("spec") else {
        return (false, false, vec!["does not decode".to_owned()]);
    };
    let object = Resource {
        meta: document.deserialize_at("metadata").unwrap().unwrap_or_default(),
        spec: spec.unwrap_or_default(),
        api_version: String::new(),
        document: Arc::new(document.clone()),
    };
    let mut report = Report::default();
    T::admit(&object, &mut report);
    let objections = report.objections().iter().filter(|objection| objection.objector == Objector::Webhook);
    let (errors, warnings): (Vec<_>, Vec<_>) =
        objections.partition(|objection| objection.code.severity == Severity::Error);
    let texts =
        errors.iter().chain(&warnings).map(|objection| format!("{}: {}", objection.path, objection.message));
    (errors.is_empty(), !warnings.is_empty(), texts.collect())
}

fn verdict(document: &Document) -> (bool, bool, Vec<String>) {
    match document.kind().unwrap() {
        "AuthorizationPolicy" => webhook::<istio::AuthorizationPolicy>(document),
        "DestinationRule" => webhook::<istio::DestinationRule>(document),
        "EnvoyFilter" => webhook::<istio::EnvoyFilter>(document),
        "Gateway" => webhook::<istio::Gateway>(document),
        "PeerAuthentication" => webhook::<istio::PeerAuthentication>(document),
        "ProxyConfig" => webhook::<istio::ProxyConfig>(document),
        "RequestAuthentication" => webhook::<istio::RequestAuthentication>(document),
        "ServiceEntry" => webhook::<istio::ServiceEntry>(document),
        "Sidecar" => webhook::<istio::Sidecar>(document),
        "Telemetry" => webhook::<istio::Telemetry>(document),
        "TrafficExtension" => webhook::<istio::TrafficExtension>(document),
        "VirtualService" => webhook::<istio::VirtualService>(document),
        "WasmPlugin" => webhook::<istio::WasmPlugin>(document),
        "WorkloadEntry" => webhook::<istio::WorkloadEntry>(document),
        "WorkloadGroup" => webhook::<istio::WorkloadGroup>(document),
        kind => panic!("unknown kind {kind}"),
    }
}

#[test]
fn the_webhook_of_istio_gives_the_same_verdicts() {
    let Some(folder) = conformance("config-validation") else { return };
    let (mut objects, mut verdicts, mut warnings) = (0, 0, 0);
    for file in files(&folder, ".jsonl") {
        for (number, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            let expected: Value = serde_json::from_str(line).unwrap();
            let (accepts, warns, texts) = verdict(&document(line));
            let should_accept = expected["valid"].as_bool().unwrap();
            let should_warn = expected["warnings"].as_array().is_some_and(|warnings| !warnings.is_empty());
            objects += 1;
            let name = format!("{}:{}", file.file_name().unwrap().display(), number + 1);
            if accepts == should_accept {
                verdicts += 1;
            } else {
                let errors = &expected["errors"];
                println!(
                    "verdict of {name}: {accepts}, Istio {should_accept} {errors}: {texts:?}\n    {line:.600}"
                );
            }
            // Istio does not always go on to warn of what it refuses.
            if warns == should_warn || !should_accept {
                warnings += 1;
            } else {
                println!(
                    "warning of {name}: {warns}, Istio {}: {texts:?}\n    {line:.600}",
                    expected["warnings"]
                );
            }
        }
    }
    println!("{verdicts} verdicts and {warnings} warnings of {objects} objects agree");
    assert_eq!((verdicts, warnings), (objects, objects));
}

#[test]
fn published_examples_are_accepted_or_refused_as_the_crds_say() {
    let Some(folder) = conformance("crd-validation") else { return };
    let (mut documents, mut agreed) = (0, 0);
    for file in files(&folder, ".yaml") {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut diagnostics = Diagnostics::new();
        for object in meshc_source::parse_file(FileId(0), &Arc::from(text), &mut diagnostics) {
            documents += 1;
            let refusal = object.get("_err").and_then(|node| node.as_str().map(str::to_owned));
            let mut diagnostics = Diagnostics::new();
            let _ = decode(&[Arc::new(object.clone())], &mut diagnostics);
            let texts: Vec<_> = diagnostics
                .iter()
                .filter(|finding| finding.severity == Severity::Error)
                .map(|finding| {
                    format!("{}: {}", finding.path.as_deref().unwrap_or_default(), finding.message)
                })
                .collect();
            if texts.is_empty() == refusal.is_none() {
                agreed += 1;
            } else {
                let name = object.name().unwrap_or_default();
                println!(
                    "{} {name}: expected {refusal:?}, found {texts:?}",
                    file.file_name().unwrap().display()
                );
            }
        }
    }
    println!("{agreed} of {documents} documents agree");
    assert_eq!(agreed, documents);
}
