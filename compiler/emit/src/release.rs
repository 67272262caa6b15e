//! `release.json`: what the push agent delivers, in which order, and the checksum of each file.

use std::collections::BTreeMap;

use meshc_contract::{ObjectRef, Phase, RELEASE_FILE, RELEASE_VERSION, Release, ReleaseObject, ReleasePhase};
use sha2::{Digest, Sha256};

use crate::artifact::{ArtifactPath, ArtifactSet, Content};
use crate::json;

/// An object that a build wrote.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) object: ObjectRef,
    /// `apiVersion` of the object.
    pub(crate) api_version: String,
    pub(crate) path: ArtifactPath,
    pub(crate) sha256: String,
}

/// SHA-256 of a file, 64 hexadecimal digits.
pub(crate) fn sha256(content: &Content) -> String {
    let mut hash = Sha256::new();
    let Ok(()) = content.for_each(&mut |text| {
        hash.update(text.as_bytes());
        Ok::<(), std::convert::Infallible>(())
    });
    hexadecimal(hash)
}

/// The manifest of all objects of a mesh.
pub(crate) fn manifest(mesh: &str, objects: Vec<Written>) -> Release {
    let mut phases: BTreeMap<Phase, Vec<ReleaseObject>> = BTreeMap::new();
    for Written { object, api_version, path, sha256 } in objects {
        let ObjectRef { group, kind, namespace, name } = object;
        let version = api_version.rsplit('/').next().unwrap_or_default().to_owned();
        let path = path.as_str().to_owned();
        phases.entry(Phase::of(&group, &kind)).or_default().push(ReleaseObject {
            path,
            group,
            version,
            kind,
            namespace,
            name,
            sha256,
        });
    }
    let phases = phases.into_iter().map(|(name, mut objects)| {
        objects.sort_by(|a, b| key(a).cmp(&key(b)));
        ReleasePhase { name, objects }
    });
    let mut release = Release {
        version: RELEASE_VERSION,
        mesh: mesh.to_owned(),
        digest: String::new(),
        phases: phases.collect(),
    };
    let mut hash = Sha256::new();
    hash.update(release.digest_input());
    release.digest = format!("sha256:{}", hexadecimal(hash));
    release
}

/// The file `release.json`.
pub(crate) fn emit(release: &Release, artifacts: &mut ArtifactSet) {
    // A structure of strings and numbers always has a JSON text.
    let compact = serde_json::to_string(release).unwrap_or_default();
    artifacts.insert(ArtifactPath::new([RELEASE_FILE]), json::layout(&compact) + "\n");
}

fn key(object: &ReleaseObject) -> (&str, &str, &str, &str) {
    (&object.namespace, &object.kind, &object.name, &object.group)
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use meshc_contract::{ObjectRef, Phase};

    use super::{Written, manifest, sha256};
    use crate::artifact::{ArtifactPath, Content};

    fn written(api_version: &str, kind: &str, namespace: &str, name: &str) -> Written {
        let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
        Written {
            object: ObjectRef { group, kind: kind.into(), namespace: namespace.into(), name: name.into() },
            api_version: api_version.into(),
            path: ArtifactPath::new(["k8s", name]),
            sha256: "00".into(),
        }
    }

    #[test]
    fn objects_are_ordered_by_phase_then_by_place_and_name() {
        let objects = || {
            vec![
                written("apps/v1", "Deployment", "shop", "b"),
                written("v1", "Service", "shop", "a"),
                written("apps/v1", "Deployment", "bank", "z"),
                written("v1", "Namespace", "", "shop"),
            ]
        };
        let release = manifest("one", objects());
        let order: Vec<(Phase, Vec<&str>)> = release
            .phases
            .iter()
            .map(|phase| (phase.name, phase.objects.iter().map(|object| object.name.as_str()).collect()))
            .collect();
        assert_eq!(
            order,
            [
                (Phase::Namespaces, vec!["shop"]),
                (Phase::Config, vec!["a"]),
                (Phase::Workloads, vec!["z", "b"])
            ]
        );
        let mut reversed = objects();
        reversed.reverse();
        assert_eq!(manifest("one", reversed), release);
        assert_eq!(release.phases[2].objects[0].version, "v1");
    }

    #[test]
    fn a_checksum_is_that_of_the_written_bytes() {
        assert_eq!(
            sha256(&Content::from("abc".to_owned())),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
