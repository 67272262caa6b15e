//! Domains of a route table, of which Envoy takes each once: it refuses a whole table for one that stands twice
//! (translation-spec §12, P-04).

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_plan::VirtualHost;

/// Takes from each virtual host the domains that an earlier one has, and reports it. A virtual host without any is left out.
pub(crate) fn distinct(hosts: Vec<VirtualHost>, diags: &mut Diagnostics) -> Vec<VirtualHost> {
    let mut taken = BTreeSet::new();
    let mut kept = Vec::with_capacity(hosts.len());
    for mut host in hosts {
        let mut lost = Vec::new();
        host.domains.retain(|domain| {
            let free = taken.insert(domain.to_lowercase());
            if !free {
                lost.push(format!("`{domain}`"));
            }
            free
        });
        if !lost.is_empty() {
            diags.push(twice(&host, &lost));
        }
        if !host.domains.is_empty() {
            kept.push(host);
        }
    }
    kept
}

fn twice(host: &VirtualHost, domains: &[String]) -> Diagnostic {
    let message = format!("another virtual host of the port has the domain {} already", domains.join(", "));
    let finding = Diagnostic::new(&codes::DUPLICATE_HOST, message)
        .consequence(
            "its requests get the routes of the first one; with istiod, Envoy refuses all routes of the port",
        )
        .help("let every host be routed on one port that the proxy listens on");
    finding.at_origin(&host.origin, "")
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::Origin;
    use meshc_plan::TlsRequirement;

    use super::*;

    #[test]
    fn a_domain_belongs_to_the_first_virtual_host_that_has_it() {
        let host = |name: &str, domains: &[&str]| VirtualHost {
            name: name.to_owned(),
            domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            routes: Vec::new(),
            tls: TlsRequirement::None,
            attempt_count: true,
            session: None,
            origin: Origin::Default { rule: "test" },
        };
        let mut diags = Diagnostics::new();
        let hosts = vec![host("a", &["x", "y"]), host("b", &["Y", "z"]), host("c", &["x"])];
        let kept = distinct(hosts, &mut diags);
        let domains: Vec<_> = kept.iter().map(|host| host.domains.join(" ")).collect();
        assert_eq!(domains, ["x y", "z"]);
        assert_eq!(diags.into_sorted().len(), 2);
    }
}
