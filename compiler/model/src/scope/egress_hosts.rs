//! The `hosts` of an egress listener: `namespace/dnsName` (translation-spec §2.2.2).

use std::collections::{BTreeMap, BTreeSet};

use meshc_api::istio;

use crate::hosts::{host_matches, host_subset_of, is_wildcard};

/// Hosts of one listener, by the namespace that they are imported from; `*` is the key of all namespaces.
#[derive(Debug, Clone, Default)]
pub(super) struct EgressHosts {
    imported: BTreeMap<String, HostSet>,
    excluded: BTreeMap<String, HostSet>,
}

/// Names and patterns.
#[derive(Debug, Clone, Default)]
pub(super) struct HostSet {
    exact: BTreeSet<String>,
    patterns: Vec<String>,
}

impl EgressHosts {
    /// Reads the hosts for a proxy in a namespace. What is not of the form is left out, as istiod does; validation
    /// reports it.
    pub(super) fn new(listener: &istio::IstioEgressListener, namespace: &str) -> Self {
        let mut hosts = Self::default();
        for text in &listener.hosts {
            let Some((owner, name)) = text.split_once('/') else { continue };
            let (owner, excludes) = match owner.strip_prefix('~') {
                // `~/*` takes everything away, whatever stands beside it.
                Some("") => ("*", true),
                Some(owner) => (owner, true),
                None => (owner, false),
            };
            let owner = if owner == "." { namespace } else { owner };
            let side = if excludes { &mut hosts.excluded } else { &mut hosts.imported };
            side.entry(owner.to_owned()).or_default().add(name);
        }
        hosts
    }

    /// Everything of all namespaces.
    pub(super) fn everything() -> Self {
        let mut hosts = Self::default();
        hosts.imported.entry("*".to_owned()).or_default().add("*");
        hosts
    }

    /// The set that imports a host of a namespace, if one does.
    pub(super) fn importing(&self, namespace: &str, host: &str) -> Option<&HostSet> {
        if self.excludes(namespace, host) {
            return None;
        }
        self.sets(namespace).find(|set| set.holds(host))
    }

    /// Whether a VirtualService host of a namespace has a name in common with an imported one. Routes of the Gateway
    /// API must be covered by it.
    pub(super) fn imports_virtual_service(&self, namespace: &str, hosts: &[String], covered: bool) -> bool {
        self.sets(namespace).any(|set| {
            let wanted = |host: &&String| !self.excludes(namespace, host);
            hosts.iter().filter(wanted).any(|host| if covered { set.holds(host) } else { set.touches(host) })
        })
    }

    fn sets(&self, namespace: &str) -> impl Iterator<Item = &HostSet> + use<'_> {
        [self.imported.get(namespace), self.imported.get("*")].into_iter().flatten()
    }

    fn excludes(&self, namespace: &str, host: &str) -> bool {
        [namespace, "*"].into_iter().filter_map(|key| self.excluded.get(key)).any(|set| set.holds(host))
    }
}

impl HostSet {
    fn add(&mut self, name: &str) {
        if is_wildcard(name) {
            self.patterns.push(name.to_owned());
        } else {
            self.exact.insert(name.to_owned());
        }
    }

    /// Whether every name of the host is in the set.
    pub(super) fn holds(&self, host: &str) -> bool {
        self.exact.contains(host) || self.patterns.iter().any(|pattern| host_subset_of(host, pattern))
    }

    /// Whether some name of the host is in the set.
    fn touches(&self, host: &str) -> bool {
        self.exact.contains(host)
            || self.patterns.iter().any(|pattern| host_matches(host, pattern))
            || (is_wildcard(host) && self.exact.iter().any(|exact| host_matches(host, exact)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(list: &[&str]) -> EgressHosts {
        let listener = istio::IstioEgressListener {
            hosts: list.iter().map(|host| (*host).to_owned()).collect(),
            ..istio::IstioEgressListener::default()
        };
        EgressHosts::new(&listener, "own")
    }

    fn imports(list: &[&str], namespace: &str, host: &str) -> bool {
        hosts(list).importing(namespace, host).is_some()
    }

    #[test]
    fn a_dot_is_the_namespace_of_the_proxy() {
        assert!(imports(&["./*"], "own", "a.example"));
        assert!(!imports(&["./*"], "other", "a.example"));
    }

    #[test]
    fn a_pattern_imports_only_what_it_covers() {
        assert!(imports(&["*/*.example"], "x", "a.example"));
        assert!(imports(&["*/*.example"], "x", "*.b.example"));
        assert!(!imports(&["*/a.example"], "x", "*.example"));
    }

    #[test]
    fn a_virtual_service_is_imported_if_it_has_a_name_in_common() {
        let imported = hosts(&["*/a.example"]);
        assert!(imported.imports_virtual_service("x", &["*.example".to_owned()], false));
        assert!(!imported.imports_virtual_service("x", &["*.example".to_owned()], true));
    }

    #[test]
    fn a_tilde_excludes() {
        assert!(!imports(&["*/*", "~bad/*"], "bad", "a.example"));
        assert!(imports(&["*/*", "~bad/*"], "good", "a.example"));
        assert!(!imports(&["*/*", "~/secret.example"], "good", "secret.example"));
        assert!(!imports(&["~/*"], "good", "a.example"));
    }
}
