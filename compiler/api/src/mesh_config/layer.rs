//! One source of configuration: a file, or YAML in a ConfigMap.

use meshc_contract::ObjectRef;
use meshc_diagnostics::Diagnostics;
use meshc_source::Document;

use crate::embedded::{self, Embedded};
use crate::kubernetes::ConfigMap;
use crate::{Kind, Resource};

/// A document with the object that it stands in.
pub(super) struct Layer {
    embedded: Embedded,
    object: Option<ObjectRef>,
}

impl Layer {
    /// The value of a key of a ConfigMap; `None` without the key or where it holds no mapping.
    pub(super) fn of_map(
        map: &Resource<ConfigMap>,
        key: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let embedded = embedded::parse(&map.document, &format!("data.{key}"), diagnostics)?;
        Some(Self { embedded, object: Some(map.object_ref()) })
    }

    /// A file: the message itself, or a ConfigMap that holds it under a key, as `kubectl get configmap istio` prints it.
    pub(super) fn of_file(file: &Document, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let embedded = match file.kind() {
            Some(ConfigMap::KIND) => embedded::parse(file, &format!("data.{key}"), diagnostics)?,
            _ => Embedded::whole(file),
        };
        Some(Self { embedded, object: None })
    }

    /// Reads the document; findings get the object and a place that can be shown.
    pub(super) fn read<T>(
        &self,
        diagnostics: &mut Diagnostics,
        read: impl FnOnce(&Document, &mut Diagnostics) -> T,
    ) -> T {
        let mut findings = Diagnostics::new();
        let value = read(&self.embedded.document, &mut findings);
        for mut finding in self.embedded.relocate(findings).into_sorted() {
            finding.object.clone_from(&self.object);
            diagnostics.push(finding);
        }
        value
    }
}
