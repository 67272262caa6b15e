//! Names that reach a certificate or a path. What passes here holds no separator, no `..` and no control character.

use meshc_contract::SpiffeId;

use crate::CaError;

/// The characters and the length of a SPIFFE trust domain (SPIFFE-ID specification, section 2.1).
pub(crate) fn check_trust_domain(text: &str) -> Result<(), CaError> {
    let rule = "a trust domain has 1 to 255 characters, each a lower-case letter, a digit, `.`, `-` or `_`";
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    refuse_unless((1..=255).contains(&text.len()) && text.chars().all(allowed), "trust domain", text, rule)
}

/// Namespaces are DNS labels, service accounts DNS subdomains (Kubernetes, "Object Names and IDs").
pub(crate) fn check_spiffe_id(id: &SpiffeId) -> Result<(), CaError> {
    let SpiffeId { trust_domain, namespace, service_account } = id;
    check_trust_domain(trust_domain)?;
    check_namespace(namespace)?;
    check_subdomain("service account", service_account)
}

pub(crate) fn check_namespace(text: &str) -> Result<(), CaError> {
    let rule = "a namespace is a DNS label: up to 63 lower-case letters, digits and `-`, not at its ends";
    refuse_unless(is_label(text), "namespace", text, rule)
}

pub(crate) fn check_subdomain(what: &'static str, text: &str) -> Result<(), CaError> {
    let rule = "it must be a DNS subdomain: up to 253 characters, labels of lower-case letters, digits and `-` with `.` \
                between";
    refuse_unless(text.len() <= 253 && text.split('.').all(is_label_of_any_length), what, text, rule)
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_label_of_any_length(text)
}

/// Kubernetes limits a subdomain as a whole, not its labels.
fn is_label_of_any_length(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}

fn refuse_unless(holds: bool, what: &'static str, text: &str, rule: &'static str) -> Result<(), CaError> {
    if holds { Ok(()) } else { Err(CaError::Name { what, text: text.escape_debug().to_string(), rule }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_leave_a_folder_are_refused() {
        for text in ["..", ".", "", "a/b", "a\\b", "../a", "a..b", ".a", "a.", "-a", "a-", "A", "a\0", "a\n"]
        {
            assert!(check_subdomain("service account", text).is_err(), "{text:?}");
            assert!(check_namespace(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_that_kubernetes_takes_are_taken() {
        for text in ["default", "a", "0", "bookinfo-reviews", "a.b-c.d", &"a".repeat(253)] {
            assert!(check_subdomain("service account", text).is_ok(), "{text:?}");
        }
        assert!(check_namespace(&"a".repeat(63)).is_ok());
        assert!(check_namespace(&"a".repeat(64)).is_err());
    }

    #[test]
    fn a_trust_domain_keeps_to_the_spiffe_characters() {
        for text in ["cluster.local", "td_1", "a-b.c"] {
            assert!(check_trust_domain(text).is_ok(), "{text:?}");
        }
        for text in ["", "Cluster.local", "a/b", "a:1", "ä", &"a".repeat(256)] {
            assert!(check_trust_domain(text).is_err(), "{text:?}");
        }
    }
}
