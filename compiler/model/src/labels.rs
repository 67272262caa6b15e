//! Labels and who selects them.

use std::collections::BTreeMap;

/// Labels of an object.
pub(crate) type Labels = BTreeMap<String, String>;

/// Whether all labels of a selector are on the object. An empty selector selects everything; callers for which empty
/// means nothing (Services) ask themselves.
pub(crate) fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Labels that only one pod of a StatefulSet has.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// A selector without the labels by which it picks a single pod of a StatefulSet; the rest picks the StatefulSet. `None`
/// where it has none of them.
pub(crate) fn without_pod_labels(selector: &Labels) -> Option<Labels> {
    if !selector.contains_key(POD_NAME) && !selector.contains_key(POD_INDEX) {
        return None;
    }
    let kept = selector.iter().filter(|(key, _)| !matches!(key.as_str(), POD_NAME | POD_INDEX));
    Some(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Whether a StatefulSet of a name has the pod that a selector picks.
pub(crate) fn has_pod(stateful_set: &str, selector: &Labels) -> bool {
    selector.get(POD_NAME).is_none_or(|pod| {
        let ordinal = pod.strip_prefix(stateful_set).and_then(|rest| rest.strip_prefix('-'));
        ordinal
            .is_some_and(|ordinal| !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_of_one_pod_picks_its_stateful_set() {
        let selector =
            Labels::from([(POD_NAME.to_owned(), "pg-0".to_owned()), ("app".to_owned(), "pg".to_owned())]);
        let rest = without_pod_labels(&selector).unwrap();
        assert_eq!(rest.keys().collect::<Vec<_>>(), ["app"]);
        assert!(has_pod("pg", &selector));
        assert!(!has_pod("p", &selector) && !has_pod("pg-0", &selector));
        assert_eq!(without_pod_labels(&rest), None);
    }
}
