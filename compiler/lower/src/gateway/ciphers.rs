//! Cipher suites that Istio lets through (translation-spec §5.6).

use std::collections::BTreeSet;

/// Suites of TLS 1.2 and below that Envoy can speak, by OpenSSL name.
const KNOWN: [&str; 17] = [
    "AES128-GCM-SHA256",
    "AES128-SHA",
    "AES256-GCM-SHA384",
    "AES256-SHA",
    "DES-CBC3-SHA",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-PSK-AES128-CBC-SHA",
    "ECDHE-PSK-AES256-CBC-SHA",
];

/// The suites that are known, each once, in the order in which they are stated. `ALL` and expressions of OpenSSL pass.
pub(super) fn valid_ciphers(stated: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    stated.into_iter().filter(|suite| is_valid(suite) && seen.insert(suite.clone())).collect()
}

fn is_valid(suite: &str) -> bool {
    let expression = suite.chars().next().is_some_and(|first| !first.is_ascii_alphanumeric());
    expression || suite == "ALL" || KNOWN.contains(&suite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_repeated_suites_are_left_out() {
        let stated = ["AES256-SHA", "NOPE", "AES256-SHA", "ALL", "!3DES"].map(str::to_owned).to_vec();
        assert_eq!(valid_ciphers(stated), ["AES256-SHA", "ALL", "!3DES"]);
    }
}
