//! Names of the headless Services that meshc generates, so that DNS answers with the addresses of pods.

use meshc_contract::ObjectRef;

/// Longest name of a Service: a DNS label.
const LONGEST_NAME: usize = 63;

/// What all names begin with.
const PREFIX: &str = "mc";

/// A subset and the DestinationRule that defines it: two rules may give one name to different pods.
pub type SubsetOfRule<'a> = (&'a str, &'a ObjectRef);

/// Name of the Service that finds the pods of a subset of a service, or of all of it, or those of either in one network
/// only. It depends on names alone, so that
/// a changed selector keeps the name: proxies of the old and of the new release resolve the same one. `service` is the
/// short name of the service, or the host of a ServiceEntry.
#[must_use]
pub fn headless_service_name(
    namespace: &str,
    service: &str,
    subset: Option<SubsetOfRule<'_>>,
    network: Option<&str>,
) -> String {
    let mut label = String::new();
    for part in std::iter::once(service).chain(subset.map(|(subset, _)| subset)).chain(network) {
        label.push('-');
        label.extend(
            part.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }),
        );
    }
    let mut parts = vec![namespace, service];
    if let Some((subset, rule)) = subset {
        parts.extend([subset, &rule.namespace, &rule.name]);
    }
    if let Some(network) = network {
        parts.extend(["network", network]);
    }
    let suffix = format!("-{:08x}", fnv1a(&parts));
    label.truncate(LONGEST_NAME - PREFIX.len() - suffix.len());
    format!("{PREFIX}{label}{suffix}")
}

/// 32-bit FNV-1a over texts that are told apart.
fn fnv1a(parts: &[&str]) -> u32 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain(std::iter::once(0)));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> ObjectRef {
        ObjectRef {
            group: "networking.istio.io".to_owned(),
            kind: "DestinationRule".to_owned(),
            namespace: "default".to_owned(),
            name: name.to_owned(),
        }
    }

    fn name(namespace: &str, service: &str, subset: Option<SubsetOfRule<'_>>) -> String {
        headless_service_name(namespace, service, subset, None)
    }

    #[test]
    fn pods_of_one_network_have_a_name_of_their_own() {
        let far = headless_service_name("default", "reviews", None, Some("b"));
        assert!(far.starts_with("mc-reviews-b-") && far != name("default", "reviews-b", None), "{far}");
    }

    #[test]
    fn a_name_tells_the_service_and_the_subset() {
        let text = name("default", "reviews", Some(("v2", &rule("reviews"))));
        assert!(text.starts_with("mc-reviews-v2-"), "{text}");
        assert_eq!(text, name("default", "reviews", Some(("v2", &rule("reviews")))));
        assert_ne!(text, name("other", "reviews", Some(("v2", &rule("reviews")))));
    }

    #[test]
    fn subsets_of_one_name_in_two_rules_are_two_services() {
        let of = |of_rule| name("default", "reviews", Some(("v2", &rule(of_rule))));
        assert_ne!(of("mine"), of("yours"));
    }

    #[test]
    fn parts_of_a_name_cannot_be_confused() {
        let (b, rule) = ("b", rule("r"));
        assert_ne!(name("n", "a-b", None), name("n", "a", Some((b, &rule))));
        assert_ne!(name("n", "a.b", None), name("n", "a-b", None));
    }

    #[test]
    fn a_name_is_a_dns_label_of_at_most_63_characters() {
        for service in [&"x".repeat(63), "api.VM.example.com", "ünïcode", "a"] {
            let text = name("default", service, Some((&"v".repeat(40), &rule("r"))));
            let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(text.len() <= LONGEST_NAME && text.chars().all(valid) && !text.ends_with('-'), "{text}");
        }
    }
}
