//! Objects by who sees them, in the three lists in which istiod looks: those that only their own namespace sees, those that
//! name the namespace, and those that everybody sees.

use std::collections::BTreeMap;

use crate::visibility::Visibility;

/// Objects by who sees them. Each list keeps the order in which objects were added.
#[derive(Debug, Clone)]
pub(crate) struct ByVisibility<T> {
    private: BTreeMap<String, Vec<T>>,
    exported: BTreeMap<String, Vec<T>>,
    public: Vec<T>,
}

impl<T> Default for ByVisibility<T> {
    fn default() -> Self {
        Self { private: BTreeMap::new(), exported: BTreeMap::new(), public: Vec::new() }
    }
}

impl<T: Clone> ByVisibility<T> {
    /// Adds an object of a namespace.
    pub(crate) fn add(&mut self, object: &T, namespace: &str, visibility: &Visibility) {
        match visibility {
            Visibility::Public => self.public.push(object.clone()),
            Visibility::Nobody => {}
            Visibility::Namespaces(names) => {
                for name in names {
                    let list = if name == namespace { &mut self.private } else { &mut self.exported };
                    list.entry(name.clone()).or_default().push(object.clone());
                }
            }
        }
    }

    /// What a namespace sees: first its private objects, then those that name it, then the public ones.
    pub(crate) fn seen_from<'a>(&'a self, namespace: &str) -> impl Iterator<Item = &'a T> {
        self.special(namespace).chain(&self.public)
    }

    /// What a namespace sees and not everybody does.
    pub(crate) fn special<'a>(&'a self, namespace: &str) -> impl Iterator<Item = &'a T> {
        let private = self.private.get(namespace).into_iter().flatten();
        private.chain(self.exported.get(namespace).into_iter().flatten())
    }

    /// Namespaces that see something that not everybody does.
    pub(crate) fn special_namespaces(&self) -> impl Iterator<Item = &str> {
        self.private.keys().chain(self.exported.keys()).map(String::as_str)
    }

    /// What everybody sees.
    pub(crate) fn public(&self) -> &[T] {
        &self.public
    }
}
