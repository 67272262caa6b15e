//! Misspelt fields of `metadata`: where `labels` is misspelt, nothing selects the object or its pods.

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::{Document, push_key};

use crate::closest::closest;

/// All fields of `metadata` that Kubernetes knows.
const FIELDS: &[&str] = &[
    "annotations",
    "clusterName",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Where an object or the templates in it have metadata.
const PLACES: &[&str] = &[
    "metadata",
    "spec.template.metadata",
    "spec.jobTemplate.metadata",
    "spec.jobTemplate.spec.template.metadata",
];

/// Reports fields of metadata that do not exist.
pub(crate) fn report_unknown_fields(object: &ObjectRef, document: &Document, diagnostics: &mut Diagnostics) {
    for place in PLACES {
        let entries =
            document.get(place).into_iter().flat_map(|metadata| metadata.entries().collect::<Vec<_>>());
        for entry in entries.filter(|entry| !FIELDS.contains(&entry.key)) {
            let mut path = (*place).to_owned();
            push_key(&mut path, entry.key);
            let finding = Diagnostic::new(&codes::UNKNOWN_FIELD, format!("unknown field `{}`", entry.key))
                .at(entry.key_span, "")
                .consequence("the API server drops the field, so it has no effect")
                .about(object.clone(), path);
            diagnostics.push(match closest(entry.key, FIELDS.iter().copied()) {
                Some(meant) => finding.help(format!("did you mean `{meant}`?")),
                None => finding,
            });
        }
    }
}
