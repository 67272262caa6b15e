//! Which documents count when several are about the same object.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::Document;

use crate::identity::{Identity, identify};
use crate::known_kinds::no_object;
use crate::resource_set::TYPED_KINDS;

/// Documents that are an object, each object once, in the order of the input. Of several documents for one object the
/// last one survives.
pub(crate) fn survivors<'d>(
    documents: &'d [Arc<Document>],
    diagnostics: &mut Diagnostics,
) -> Vec<(Identity, &'d Arc<Document>)> {
    let namespaced = |group: &str, kind: &str| {
        let known = TYPED_KINDS
            .iter()
            .find(|(known_group, known_kind, ..)| (*known_group, *known_kind) == (group, kind));
        known.map(|(_, _, _, namespaced)| *namespaced)
    };
    let mut last: BTreeMap<ObjectRef, usize> = BTreeMap::new();
    let mut found: Vec<Option<(Identity, &Arc<Document>)>> = Vec::with_capacity(documents.len());
    for document in documents {
        if let Some(finding) = no_object(document) {
            diagnostics.push(finding);
            continue;
        }
        let Some(identity) = identify(document, namespaced, diagnostics) else { continue };
        if let Some(earlier) = last.insert(identity.object.clone(), found.len())
            && let Some((_, earlier)) = found.get_mut(earlier).and_then(Option::take)
        {
            diagnostics.push(duplicate(&identity.object, earlier, document));
        }
        found.push(Some((identity, document)));
    }
    found.into_iter().flatten().collect()
}

fn duplicate(object: &ObjectRef, earlier: &Document, later: &Document) -> Diagnostic {
    Diagnostic::new(&codes::DUPLICATE_OBJECT, format!("{object} is defined twice"))
        .at(later.headline(), "defined again here")
        .related(earlier.headline(), "first defined here")
        .consequence("only the later document counts, as with `kubectl apply`; the earlier one has no effect")
        .help("remove or rename one of them")
        .about(object.clone(), "")
}
