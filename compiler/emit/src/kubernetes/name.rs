//! Names, labels and files that Kubernetes and file systems take, made of names that may be too long for them.

use crate::hash::fnv1a;

/// Longest label value and DNS label.
const LABEL: usize = 63;
/// Longest name of most objects.
const OBJECT: usize = 253;

/// A label value: the text where it is one, else what is left of it with a hash of all of it.
pub(super) fn label_value(text: &str) -> String {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    shortened(text, LABEL, valid, |c: char| c.is_ascii_alphanumeric())
}

/// A DNS label, such as the name of a volume.
pub(super) fn dns_label(text: &str) -> String {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    shortened(text, LABEL, valid, |c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// The name of an object that belongs to another.
pub(super) fn derived(name: &str, suffix: &str) -> String {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let name = shortened(name, OBJECT - suffix.len(), valid, edge);
    format!("{name}{suffix}")
}

/// The name of a file without its ending: at most 110 characters that no file system changes.
pub(super) fn file_stem(text: &str) -> String {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
    shortened(text, 110, valid, |c: char| c.is_ascii_alphanumeric())
}

fn shortened(text: &str, longest: usize, valid: fn(char) -> bool, edge: fn(char) -> bool) -> String {
    let ends_well = text.starts_with(edge) && text.ends_with(edge);
    if text.len() <= longest && text.chars().all(valid) && ends_well {
        return text.to_owned();
    }
    #[allow(clippy::cast_possible_truncation, reason = "half of the hash spreads well enough")]
    let suffix = format!("-{:08x}", fnv1a(text) as u32);
    let kept: String = text
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if valid(c) { c } else { '-' })
        .skip_while(|c| !edge(*c))
        .take(longest - suffix.len())
        .collect();
    let kept = kept.trim_end_matches(|c| !edge(c));
    if kept.is_empty() { suffix.trim_start_matches('-').to_owned() } else { format!("{kept}{suffix}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_fits_is_kept() {
        assert_eq!(label_value("reviews-v1"), "reviews-v1");
        assert_eq!(derived("reviews-v1", "-mesh"), "reviews-v1-mesh");
        assert_eq!(file_stem("deployment-reviews-v1"), "deployment-reviews-v1");
    }

    #[test]
    fn a_name_that_does_not_fit_gets_a_hash_and_stays_different_from_others() {
        let (one, two) = (format!("{}1", "a".repeat(252)), format!("{}2", "a".repeat(252)));
        for make in [label_value, dns_label, file_stem, |name: &str| derived(name, "-mesh")] {
            assert_ne!(make(&one), make(&two));
            assert!(make(&one).len() <= 253);
        }
        assert_ne!(file_stem("clusterrole-system:a"), file_stem("clusterrole-system-a"));
        assert_ne!(file_stem("role-A"), file_stem("role-a"));
        assert!(label_value("*.example.com").starts_with("example.com-"));
        assert!(!label_value("***").is_empty());
    }
}
