//! Cipher suites by OpenSSL's names, which Istio and Envoy use.

use rustls::CipherSuite;

use super::TlsError;

/// Suites of TLS 1.2 that rustls has, with OpenSSL's names.
const SECURE: [(&str, CipherSuite); 6] = [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-ECDSA-AES256-GCM-SHA384", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ("ECDHE-RSA-AES128-GCM-SHA256", CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-RSA-AES256-GCM-SHA384", CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-RSA-CHACHA20-POLY1305", CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
];

/// Suites that Istio allows and this proxy does not have, because they are without forward secrecy or authenticated encryption.
/// Istio's own default names two of them, so that they are passed over and not refused.
const PASSED_OVER: [&str; 10] = [
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-PSK-AES128-CBC-SHA",
];

/// The suites that names stand for; `None` for no names. `[A|B]` is a group of equal preference, as BoringSSL spells it.
///
/// # Errors
/// If a name is no cipher suite, or none of them is left.
pub(super) fn parse(names: &[String]) -> Result<Option<Vec<CipherSuite>>, TlsError> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut suites = Vec::new();
    for name in names.iter().flat_map(|name| name.trim_matches(['[', ']']).split('|')) {
        match SECURE.iter().find(|(known, _)| *known == name) {
            Some((_, suite)) => suites.push(*suite),
            None if PASSED_OVER.contains(&name) => {}
            None => return Err(TlsError::Settings(format!("`{name}` is no cipher suite of TLS 1.2"))),
        }
    }
    if suites.is_empty() {
        return Err(TlsError::Settings(format!("none of the cipher suites {names:?} is secure")));
    }
    Ok(Some(suites))
}

/// OpenSSL's name of a suite, for logs (`%DOWNSTREAM_TLS_CIPHER%`); empty for one that is not known.
pub(super) fn name(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        suite => SECURE.iter().find(|(_, known)| *known == suite).map_or("", |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(names: &[&str]) -> Result<Option<Vec<CipherSuite>>, TlsError> {
        parse(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn istios_default_suites_leave_the_secure_ones() {
        let istio = [
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "AES256-GCM-SHA384",
            "AES128-GCM-SHA256",
        ];
        assert_eq!(parsed(&istio).unwrap().map(|suites| suites.len()), Some(4));
        assert_eq!(parsed(&[]), Ok(None));
        let group = parsed(&["[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]"]).unwrap();
        assert_eq!(group.map(|suites| suites.len()), Some(2));
    }

    #[test]
    fn unknown_suites_and_lists_without_a_secure_one_are_refused() {
        assert!(parsed(&["ECDHE-RSA-ROT13"]).unwrap_err().to_string().contains("ROT13"));
        assert!(parsed(&["AES128-SHA"]).unwrap_err().to_string().contains("secure"));
    }

    #[test]
    fn every_suite_has_openssls_name() {
        assert_eq!(name(CipherSuite::TLS13_AES_128_GCM_SHA256), "TLS_AES_128_GCM_SHA256");
        for (text, suite) in SECURE {
            assert_eq!(name(suite), text);
        }
        assert_eq!(name(CipherSuite::TLS_NULL_WITH_NULL_NULL), "");
    }
}
