//! Cryptography: aws-lc, with the preferences of a mesh.

use std::sync::Arc;

use meshc_contract::proxy::TlsVersion;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};

use super::{TlsError, cipher};

/// The provider with these cipher suites of TLS 1.2; none leaves all that are secure.
///
/// AES-128 comes first, as in Envoy on machines with AES instructions, and X25519 before the NIST curves, as in Envoy.
///
/// # Errors
/// If a name is no cipher suite.
pub(super) fn provider(suites: &[String]) -> Result<Arc<CryptoProvider>, TlsError> {
    let wanted = cipher::parse(suites)?;
    let cipher_suites = ALL.iter().copied().filter(|suite| match wanted.as_deref() {
        Some(wanted) if suite.tls13().is_none() => wanted.contains(&suite.suite()),
        _ => true,
    });
    Ok(Arc::new(CryptoProvider {
        cipher_suites: cipher_suites.collect(),
        kx_groups: vec![kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
        ..default_provider()
    }))
}

const ALL: [SupportedCipherSuite; 9] = [
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// What signatures of peers may be made with.
pub(super) fn signatures() -> WebPkiSupportedAlgorithms {
    default_provider().signature_verification_algorithms
}

/// The versions from one to another, 1.2 and 1.3 where nothing is said.
///
/// # Errors
/// If there is none between them.
pub(super) fn versions(
    min: Option<TlsVersion>,
    max: Option<TlsVersion>,
) -> Result<Vec<&'static SupportedProtocolVersion>, TlsError> {
    match (min.unwrap_or(TlsVersion::V1_2), max.unwrap_or(TlsVersion::V1_3)) {
        (TlsVersion::V1_2, TlsVersion::V1_3) => Ok(vec![&TLS13, &TLS12]),
        (TlsVersion::V1_2, TlsVersion::V1_2) => Ok(vec![&TLS12]),
        (TlsVersion::V1_3, TlsVersion::V1_3) => Ok(vec![&TLS13]),
        (TlsVersion::V1_3, TlsVersion::V1_2) => {
            Err(TlsError::Settings("the smallest TLS version is larger than the largest".to_owned()))
        }
    }
}
