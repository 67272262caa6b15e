//! Objects that selectors of their namespace pick.

use std::collections::BTreeMap;

use crate::labels::{Labels, selects};

/// Objects by namespace and by each of their labels, so that a selector looks only at those that have its rarest one.
#[derive(Debug)]
pub(super) struct ByLabels<'a> {
    all: Vec<&'a Labels>,
    namespaces: BTreeMap<&'a str, OfNamespace<'a>>,
}

#[derive(Debug, Default)]
struct OfNamespace<'a> {
    all: Vec<usize>,
    /// By key, then value.
    labels: BTreeMap<&'a str, BTreeMap<&'a str, Vec<usize>>>,
}

impl<'a> ByLabels<'a> {
    /// Indexes objects, each with its namespace; they are known by their position.
    pub(super) fn new(objects: impl IntoIterator<Item = (&'a str, &'a Labels)>) -> Self {
        let mut index = Self { all: Vec::new(), namespaces: BTreeMap::new() };
        for (position, (namespace, labels)) in objects.into_iter().enumerate() {
            index.all.push(labels);
            let own = index.namespaces.entry(namespace).or_default();
            own.all.push(position);
            for (key, value) in labels {
                own.labels.entry(key).or_default().entry(value).or_default().push(position);
            }
        }
        index
    }

    /// Positions of the objects of a namespace that a selector picks, ascending. An empty selector picks all.
    pub(super) fn select(&self, namespace: &str, selector: &Labels) -> impl Iterator<Item = usize> {
        let candidates = self.namespaces.get(namespace).map_or(&[][..], |own| own.rarest(selector));
        let picked =
            |position: &usize| self.all.get(*position).is_some_and(|labels| selects(selector, labels));
        candidates.iter().copied().filter(picked)
    }
}

impl OfNamespace<'_> {
    /// Objects that have the rarest label of a selector.
    fn rarest(&self, selector: &Labels) -> &[usize] {
        let with_label = |(key, value): (&String, &String)| {
            let values = self.labels.get(key.as_str()).and_then(|values| values.get(value.as_str()));
            values.map_or(&[][..], Vec::as_slice)
        };
        selector.iter().map(with_label).min_by_key(|positions| positions.len()).unwrap_or(&self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_picks_objects_of_its_namespace_that_have_all_labels() {
        let labels = |text: &str| -> Labels {
            text.split(',')
                .filter_map(|pair| pair.split_once('='))
                .map(|(k, v)| (k.into(), v.into()))
                .collect()
        };
        let objects = [("a", labels("x=1,y=1")), ("a", labels("x=1")), ("b", labels("x=1,y=1"))];
        let index = ByLabels::new(objects.iter().map(|(namespace, labels)| (*namespace, labels)));
        let select = |namespace, selector| index.select(namespace, &labels(selector)).collect::<Vec<_>>();
        assert_eq!(select("a", "x=1,y=1"), [0]);
        assert_eq!(select("a", "x=1"), [0, 1]);
        assert_eq!(select("b", ""), [2]);
        assert_eq!(select("a", "x=2"), [0; 0]);
        assert_eq!(select("c", ""), [0; 0]);
    }
}
