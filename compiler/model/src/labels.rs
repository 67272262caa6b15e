//! Labels and who selects them.

use std::collections::BTreeMap;

/// Labels of an object.
pub(crate) type Labels = BTreeMap<String, String>;

/// Whether all labels of a selector are on the object. An empty selector selects everything; callers for which empty
/// means nothing (Services) ask themselves.
pub(crate) fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}
