//! Domains of virtual hosts: Envoy's order of them.

use std::collections::BTreeMap;

/// The most specific of some domains for a host, with what it stands for: the name itself, else the longest `*suffix`, else the
/// longest `prefix*`, else `*`. A wildcard stands for one character at least. Case does not count; of equal domains the first
/// one counts.
#[must_use]
pub fn most_specific<'d, T: Copy>(
    domains: impl Iterator<Item = (&'d str, T)> + Clone,
    host: &str,
) -> Option<(&'d str, T)> {
    let host = host.to_ascii_lowercase();
    let everything = || domains.clone().find(|(domain, _)| *domain == "*");
    if host.is_empty() {
        return everything();
    }
    let longest = |fits: fn(&str, &str) -> bool| {
        let mut found: Option<(&str, T)> = None;
        for (domain, value) in domains.clone().filter(|(domain, _)| fits(&domain.to_ascii_lowercase(), &host))
        {
            if found.is_none_or(|(longest, _)| domain.len() > longest.len()) {
                found = Some((domain, value));
            }
        }
        found
    };
    let exact = domains.clone().find(|(domain, _)| domain.eq_ignore_ascii_case(&host));
    exact.or_else(|| longest(suffix_fits)).or_else(|| longest(prefix_fits)).or_else(everything)
}

fn suffix_fits(domain: &str, host: &str) -> bool {
    let suffix = domain.strip_prefix('*').filter(|suffix| !suffix.is_empty());
    suffix.is_some_and(|suffix| host.len() > suffix.len() && host.ends_with(suffix))
}

fn prefix_fits(domain: &str, host: &str) -> bool {
    let prefix = domain.strip_suffix('*').filter(|prefix| !prefix.is_empty());
    prefix.is_some_and(|prefix| host.len() > prefix.len() && host.starts_with(prefix))
}

/// A host without its port; an IPv6 address keeps its colons.
#[must_use]
pub fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if host.rfind(']').is_none_or(|bracket| bracket < colon) => &host[..colon],
        _ => host,
    }
}

/// Domains made ready for many searches, each with what it stands for. It finds what [`most_specific`] finds.
#[derive(Debug, Clone, Default)]
pub struct DomainIndex<T> {
    exact: BTreeMap<String, T>,
    /// What stands behind the star, longest first.
    suffixes: Vec<(String, T)>,
    /// What stands before the star, longest first.
    prefixes: Vec<(String, T)>,
    everything: Option<T>,
}

impl<T: Copy> DomainIndex<T> {
    /// Makes domains ready. Of equal ones the first counts.
    #[must_use]
    pub fn new<'d>(domains: impl Iterator<Item = (&'d str, T)>) -> Self {
        let mut index =
            Self { exact: BTreeMap::new(), suffixes: Vec::new(), prefixes: Vec::new(), everything: None };
        for (domain, value) in domains {
            let domain = domain.to_ascii_lowercase();
            if domain == "*" {
                index.everything.get_or_insert(value);
            } else if let Some(suffix) = domain.strip_prefix('*') {
                index.suffixes.push((suffix.to_owned(), value));
            } else if let Some(prefix) = domain.strip_suffix('*') {
                index.prefixes.push((prefix.to_owned(), value));
            } else {
                index.exact.entry(domain).or_insert(value);
            }
        }
        // A stable sort keeps the first of equal ones first.
        index.suffixes.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        index.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        index
    }

    /// What the most specific domain of a host stands for. The host must be in lower case.
    #[must_use]
    pub fn find(&self, host: &str) -> Option<T> {
        if host.is_empty() {
            return self.everything;
        }
        let suffix =
            || self.suffixes.iter().find(|(suffix, _)| host.len() > suffix.len() && host.ends_with(suffix));
        let prefix =
            || self.prefixes.iter().find(|(prefix, _)| host.len() > prefix.len() && host.starts_with(prefix));
        let wildcard = || suffix().or_else(prefix).map(|(_, value)| *value);
        self.exact.get(host).copied().or_else(wildcard).or(self.everything)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn indexed<'d>(domains: &'d [&'d str]) -> impl Iterator<Item = (&'d str, usize)> + Clone {
        domains.iter().enumerate().map(|(at, domain)| (*domain, at))
    }

    #[test]
    fn domains_are_searched_from_the_most_specific_one_on() {
        let domains = ["*", "a.*", "a.example.*", "*.com", "*.example.com", "A.example.com"];
        let found =
            |host: &str| most_specific(indexed(&domains), host).map(|(domain, _)| domain).unwrap_or_default();
        assert_eq!(found("a.EXAMPLE.com"), "A.example.com");
        assert_eq!(found("b.example.com"), "*.example.com");
        assert_eq!(found("example.com"), "*.com");
        assert_eq!(found("a.example.org"), "a.example.*");
        assert_eq!(found("a.org"), "a.*");
        assert_eq!(found("other"), "*");
        assert_eq!(found(""), "*");
    }

    #[test]
    fn a_wildcard_stands_for_something() {
        assert!(most_specific(indexed(&["*.example.com"]), ".example.com").is_none());
        assert!(most_specific(indexed(&["*"]), "x").is_some());
    }

    #[test]
    fn an_address_keeps_its_colons() {
        assert_eq!((without_port("[::1]"), without_port("[::1]:80")), ("[::1]", "[::1]"));
        assert_eq!((without_port("a"), without_port("a:80")), ("a", "a"));
    }

    proptest! {
        #[test]
        fn the_index_finds_what_the_search_finds(
            domains in proptest::collection::vec("\\*|\\*[ab.]{0,3}|[ab.]{0,3}\\*|[abA.]{1,3}", 0..8),
            host in "[ab.]{0,4}",
        ) {
            let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
            let searched = most_specific(indexed(&domains), &host).map(|(_, at)| at);
            prop_assert_eq!(DomainIndex::new(indexed(&domains)).find(&host), searched);
        }
    }
}
