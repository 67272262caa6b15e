//! Labels by which a generated Service finds pods.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use crate::upstream::target::Target;

/// Labels of the pods: those of the service and those of the subset. `None` when they contradict each other.
pub(super) fn selector(target: &Target<'_>, diags: &mut Diagnostics) -> Option<BTreeMap<String, String>> {
    let mut labels = target.service.selector.clone();
    for (key, value) in target.subset.iter().flat_map(|subset| &subset.labels) {
        if let Some(other) = labels.insert(key.clone(), value.clone())
            && other != *value
        {
            let subset = target.subset_name().unwrap_or_default();
            let message = format!(
                "subset `{subset}` wants pods with `{key}: {value}`, but {} selects `{key}: {other}`",
                target.service.object
            );
            let finding = Diagnostic::new(&codes::CONTRADICTORY_SUBSET, message)
                .consequence("no pod is in the subset; Envoy answers 503 to its requests")
                .help("correct the labels of the subset, or remove it");
            diags.push(target.about_rule(finding, "spec.subsets"));
            return None;
        }
    }
    Some(labels)
}
