//! Trust domains that stand for each other: the one of the mesh and its aliases (translation-spec §7.2).

use meshc_api::mesh_config::MeshConfig;

/// The name by which policies mean the trust domain of the mesh, whatever it is.
const LOCAL: &str = "cluster.local";

/// The trust domain of the mesh and its aliases.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrustDomains<'a> {
    own: &'a str,
    aliases: &'a [String],
}

impl<'a> TrustDomains<'a> {
    /// Those of a mesh.
    pub(super) fn of(config: &'a MeshConfig) -> Self {
        Self { own: &config.trust_domain, aliases: &config.trust_domain_aliases }
    }

    fn all(self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.own).chain(self.aliases.iter().map(String::as_str))
    }

    /// An identity in each trust domain that stands for its own. A wildcard alone in place of the trust domain needs no
    /// others; one with a text stands for itself where it matches.
    pub(super) fn expand_principal(self, principal: &str) -> Vec<String> {
        let unchanged = || vec![principal.to_owned()];
        let Some((domain, path)) = principal.split_once('/') else { return unchanged() };
        if domain == "*" || principal.split('/').count() != 5 {
            return unchanged();
        }
        if domain != LOCAL && !self.all().any(|known| matches(known, domain)) {
            return unchanged();
        }
        let mut all: Vec<String> = Vec::new();
        for known in self.all() {
            let suffix = domain.strip_prefix('*').is_some_and(|suffix| known.ends_with(suffix));
            let name = if suffix { principal.to_owned() } else { format!("{known}/{path}") };
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    /// All trust domains for one of them; any other stands for itself.
    pub(super) fn expand_trust_domain(self, domain: &str) -> Vec<String> {
        if self.all().any(|known| known == domain) {
            self.all().map(str::to_owned).collect()
        } else {
            vec![domain.to_owned()]
        }
    }
}

fn matches(known: &str, pattern: &str) -> bool {
    known == pattern
        || pattern.strip_prefix('*').is_some_and(|suffix| known.ends_with(suffix))
        || pattern.strip_suffix('*').is_some_and(|prefix| known.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(aliases: &[&str], principal: &str) -> Vec<String> {
        let aliases: Vec<String> = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        TrustDomains { own: "td1", aliases: &aliases }.expand_principal(principal)
    }

    #[test]
    fn an_identity_of_the_mesh_is_one_in_each_trust_domain() {
        assert_eq!(expand(&["old"], "cluster.local/ns/a/sa/b"), ["td1/ns/a/sa/b", "old/ns/a/sa/b"]);
        assert_eq!(expand(&["old"], "old/ns/a/sa/b"), ["td1/ns/a/sa/b", "old/ns/a/sa/b"]);
        assert_eq!(expand(&["old"], "foreign/ns/a/sa/b"), ["foreign/ns/a/sa/b"]);
    }

    #[test]
    fn a_wildcard_for_the_trust_domain_stays() {
        assert_eq!(expand(&["foobar"], "*/ns/a/sa/b"), ["*/ns/a/sa/b"]);
        assert_eq!(expand(&["foobar"], "*bar/ns/a/sa/b"), ["td1/ns/a/sa/b", "*bar/ns/a/sa/b"]);
    }

    #[test]
    fn what_is_no_identity_stays() {
        assert_eq!(expand(&["old"], "cluster.local/sa/b"), ["cluster.local/sa/b"]);
        assert_eq!(expand(&["old"], "*"), ["*"]);
    }
}
