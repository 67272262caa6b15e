//! Host names and wildcards (`pkg/config/host`; translation-spec §2.2, §2.9.11).

use std::cmp::Ordering;
use std::net::IpAddr;

/// Whether a host is a pattern: `*` or `*.suffix`.
#[must_use]
pub fn is_wildcard(host: &str) -> bool {
    host.starts_with('*')
}

/// Whether two hosts have a name in common, whichever of them is the pattern (Istio's `Matches`).
#[must_use]
pub fn host_matches(a: &str, b: &str) -> bool {
    match (a.strip_prefix('*'), b.strip_prefix('*')) {
        (Some(a), Some(b)) => a.ends_with(b) || b.ends_with(a),
        (Some(suffix), None) => b.ends_with(suffix),
        (None, Some(suffix)) => a.ends_with(suffix),
        (None, None) => a == b,
    }
}

/// Whether every name of `a` is one of `b` (Istio's `SubsetOf`).
#[must_use]
pub fn host_subset_of(a: &str, b: &str) -> bool {
    match (a.strip_prefix('*'), b.strip_prefix('*')) {
        (Some(a), Some(b)) => a.ends_with(b),
        (Some(_), None) => false,
        (None, Some(suffix)) => a.ends_with(suffix),
        (None, None) => a == b,
    }
}

/// Order of hosts from the most specific one on: names before patterns, longer before shorter, then by text.
#[must_use]
pub fn most_specific_first(a: &str, b: &str) -> Ordering {
    is_wildcard(a).cmp(&is_wildcard(b)).then_with(|| b.len().cmp(&a.len())).then_with(|| a.cmp(b))
}

/// Completes a short name with the namespace of the object that holds it. Names with a dot, `*` and IP addresses stand
/// for themselves.
#[must_use]
pub fn resolve_host(short: &str, namespace: &str, domain: &str) -> String {
    if short.is_empty() || short == "*" || short.contains('.') || short.parse::<IpAddr>().is_ok() {
        return short.to_owned();
    }
    format!("{short}.{namespace}.svc.{domain}")
}

/// Completes the name of a gateway to `<namespace>/<name>`; `mesh` stands for itself. The forms that Istio accepts are
/// `name`, `namespace/name`, `./name` and the old `name.namespace.svc.domain`.
#[must_use]
pub fn resolve_gateway(name: &str, namespace: &str, domain: &str) -> String {
    if name == "mesh" {
        return name.to_owned();
    }
    match name.split_once('/') {
        Some((".", gateway)) => return format!("{namespace}/{gateway}"),
        Some(_) => return name.to_owned(),
        None => {}
    }
    match name.split_once('.') {
        None => format!("{namespace}/{name}"),
        Some((gateway, rest)) => {
            // The old form needs the namespace; whatever follows it says nothing.
            let rest = rest.strip_suffix(domain).unwrap_or(rest);
            let owner = rest.split('.').next().unwrap_or(rest);
            format!("{owner}/{gateway}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_in_both_directions() {
        assert!(host_matches("*.example.com", "a.example.com"));
        assert!(host_matches("a.example.com", "*.example.com"));
        assert!(host_matches("*.com", "*.example.com"));
        assert!(host_matches("*", "anything"));
        assert!(!host_matches("*.example.com", "example.com"));
        assert!(!host_matches("*.a.com", "*.b.com"));
    }

    #[test]
    fn a_subset_is_never_wider() {
        assert!(host_subset_of("a.example.com", "*.example.com"));
        assert!(host_subset_of("*.example.com", "*.com"));
        assert!(!host_subset_of("*.com", "*.example.com"));
        assert!(!host_subset_of("*.example.com", "a.example.com"));
    }

    #[test]
    fn names_are_more_specific_than_patterns_and_long_patterns_than_short_ones() {
        let mut hosts = vec!["*", "*.com", "b.com", "*.example.com", "a.com", "long.example.com"];
        hosts.sort_by(|a, b| most_specific_first(a, b));
        assert_eq!(hosts, ["long.example.com", "a.com", "b.com", "*.example.com", "*.com", "*"]);
    }

    #[test]
    fn only_names_without_a_dot_are_short() {
        assert_eq!(resolve_host("reviews", "prod", "cluster.local"), "reviews.prod.svc.cluster.local");
        assert_eq!(resolve_host("reviews.prod", "x", "cluster.local"), "reviews.prod");
        assert_eq!(resolve_host("*", "x", "cluster.local"), "*");
        assert_eq!(resolve_host("::1", "x", "cluster.local"), "::1");
    }

    #[test]
    fn gateway_names_are_completed() {
        assert_eq!(resolve_gateway("mesh", "ns", "cluster.local"), "mesh");
        assert_eq!(resolve_gateway("gw", "ns", "cluster.local"), "ns/gw");
        assert_eq!(resolve_gateway("./gw", "ns", "cluster.local"), "ns/gw");
        assert_eq!(resolve_gateway("other/gw", "ns", "cluster.local"), "other/gw");
        assert_eq!(resolve_gateway("gw.other.svc.cluster.local", "ns", "cluster.local"), "other/gw");
    }
}
