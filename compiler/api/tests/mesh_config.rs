//! The effective mesh configuration of every recorded mesh.

use std::path::{Path, PathBuf};

use meshc_api::mesh_config::{self, MeshConfig, MeshFiles, MeshNetworks};
use meshc_api::{IstiodFeatures, ResourceSet};
use meshc_diagnostics::{Diagnostics, FileId};
use meshc_source::{InputFile, load};

/// Folders of the recordings. Without them the test says so; in CI they must be there.
fn recordings() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance/istiod"));
    let Ok(entries) = std::fs::read_dir(root) else {
        assert!(std::env::var_os("CI").is_none(), "{} must be there in CI", root.display());
        println!("skipped: {} is not there", root.display());
        return Vec::new();
    };
    let folders = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut folders: Vec<_> = folders.collect();
    folders.sort();
    folders
}

#[test]
fn every_recorded_mesh_has_the_configuration_that_istiod_had() {
    for folder in recordings() {
        let mut diagnostics = Diagnostics::new();
        let read =
            |name: &str| std::fs::read(folder.join(name)).ok().map(|bytes| InputFile::new(name, bytes));
        let mesh = load(read("mesh.yaml").into_iter().collect(), &mut diagnostics);
        let networks = load(read("networks.yaml").into_iter().collect(), &mut diagnostics);
        let files = MeshFiles {
            mesh: mesh.documents.first().map(|document| &**document),
            networks: networks.documents.first().map(|document| &**document),
        };
        let input = mesh_config::read(&ResourceSet::default(), files, &mut diagnostics);
        assert_eq!(diagnostics.into_sorted(), [], "{}", folder.display());

        let effective = std::fs::read(folder.join("meshconfig.effective.json")).unwrap();
        let expected: MeshConfig = serde_json::from_slice(&effective).unwrap();
        // The recorder turns HBONE on for ambient meshes, as the chart's ambient profile does.
        let hbone =
            std::fs::read_to_string(folder.join("env")).is_ok_and(|env| env.contains("PILOT_ENABLE_AMBIENT"));
        let mut actual = input.mesh;
        if hbone {
            actual
                .default_config
                .proxy_metadata
                .insert("ISTIO_META_ENABLE_HBONE".to_owned(), "true".to_owned());
        }
        assert_eq!(actual, expected, "{}", folder.display());
        assert_eq!(input.networks != MeshNetworks::default(), networks.documents.len() == 1);
    }
}

#[test]
fn every_field_of_a_recorded_configuration_is_kept() {
    for folder in recordings() {
        let effective: serde_json::Value =
            serde_json::from_slice(&std::fs::read(folder.join("meshconfig.effective.json")).unwrap())
                .unwrap();
        let typed: MeshConfig = serde_json::from_value(effective.clone()).unwrap();
        let mut printed = serde_json::to_value(typed).unwrap();
        // A whole number prints as `10` in Go and as `10.0` in Rust.
        if let Some(sampling) = printed.pointer_mut("/defaultConfig/tracing/sampling") {
            let number = sampling.as_f64().unwrap();
            if number.fract() == 0.0 {
                *sampling = serde_json::json!(number as u64);
            }
        }
        assert_eq!(printed, effective, "{}", folder.display());
    }
}

#[test]
fn every_recorded_istiod_environment_reads_without_findings() {
    for folder in recordings() {
        let Ok(text) = std::fs::read_to_string(folder.join("env")) else { continue };
        let mut diagnostics = Diagnostics::new();
        let features = IstiodFeatures::read(&text, FileId(0), &mut diagnostics);
        assert_eq!(diagnostics.into_sorted(), [], "{}", folder.display());
        assert_ne!(features, IstiodFeatures::default(), "{}", folder.display());
    }
}
