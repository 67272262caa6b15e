//! The virtual host of a request: Envoy's order of domains.

use meshc_plan::{RouteTable, VirtualHost};

/// The virtual host of a host name, with the domain that matched: the name itself, else the longest `*suffix`, else the longest
/// `prefix*`, else `*`. A wildcard stands for one character at least. Case does not count.
pub(crate) fn find<'p>(table: &'p RouteTable, authority: &str) -> Option<(&'p VirtualHost, &'p str)> {
    let host = if table.ignore_port { without_port(authority) } else { authority };
    let host = host.to_ascii_lowercase();
    let domains = || {
        let of_host = |host: &'p VirtualHost| host.domains.iter().map(move |domain| (host, domain.as_str()));
        table.virtual_hosts.iter().flat_map(of_host)
    };
    let everything = domains().find(|(_, domain)| *domain == "*");
    if host.is_empty() {
        return everything;
    }
    let exact = domains().find(|(_, domain)| domain.eq_ignore_ascii_case(&host));
    let longest = |fits: fn(&str, &str) -> bool| {
        let mut found: Option<(&VirtualHost, &str)> = None;
        for (virtual_host, domain) in
            domains().filter(|(_, domain)| fits(&domain.to_ascii_lowercase(), &host))
        {
            if found.is_none_or(|(_, longest)| domain.len() > longest.len()) {
                found = Some((virtual_host, domain));
            }
        }
        found
    };
    exact.or_else(|| longest(suffix_fits)).or_else(|| longest(prefix_fits)).or(everything)
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
pub(crate) fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if host.rfind(']').is_none_or(|bracket| bracket < colon) => &host[..colon],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::Origin;
    use meshc_plan::{RouteTableName, TlsRequirement};

    use super::*;

    fn table(domains: &[&str], ignore_port: bool) -> RouteTable {
        let virtual_host = |domain: &&str| VirtualHost {
            name: (*domain).to_owned(),
            domains: vec![(*domain).to_owned()],
            routes: Vec::new(),
            tls: TlsRequirement::None,
            attempt_count: false,
            origin: Origin::Default { rule: "test" },
        };
        RouteTable {
            name: RouteTableName::Port(80),
            virtual_hosts: domains.iter().map(virtual_host).collect(),
            ignore_port,
            max_direct_response_bytes: None,
            origin: Origin::Default { rule: "test" },
        }
    }

    #[test]
    fn domains_are_searched_from_the_most_specific_one_on() {
        let table = table(&["*", "a.*", "a.example.*", "*.com", "*.example.com", "A.example.com"], true);
        let found = |host: &str| find(&table, host).map(|(_, domain)| domain).unwrap_or_default();
        assert_eq!(found("a.EXAMPLE.com:8080"), "A.example.com");
        assert_eq!(found("b.example.com"), "*.example.com");
        assert_eq!(found("example.com"), "*.com");
        assert_eq!(found("a.example.org"), "a.example.*");
        assert_eq!(found("a.org"), "a.*");
        assert_eq!(found("other"), "*");
        assert_eq!(found(""), "*");
    }

    #[test]
    fn the_port_counts_unless_it_is_ignored() {
        let domains = ["a:80", "a"];
        let found = |ignore, host: &str| {
            find(&table(&domains, ignore), host).map(|(host, _)| host.name.clone()).unwrap_or_default()
        };
        assert_eq!((found(false, "a:80"), found(true, "a:80")), ("a:80".to_owned(), "a".to_owned()));
        assert_eq!(found(false, "a:81"), "");
        assert_eq!((without_port("[::1]"), without_port("[::1]:80")), ("[::1]", "[::1]"));
    }

    #[test]
    fn a_wildcard_stands_for_something() {
        assert!(find(&table(&["*.example.com"], true), ".example.com").is_none());
        assert!(find(&table(&["*"], true), "x").is_some());
    }
}
