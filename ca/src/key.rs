//! Signing keys. An authority signs through [`Signer`], so that a KMS, a PKCS#11 token or a program can stand where
//! the key in a file stands.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::{CaError, pem};

/// Algorithm of a key and of the signatures that it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256 with SHA-256: every leaf and, unless asked otherwise, every authority.
    #[default]
    EcdsaP256,
    /// ECDSA on P-384 with SHA-384: a root that must last.
    EcdsaP384,
}

impl KeyAlgorithm {
    fn aws(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::EcdsaP256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::EcdsaP384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        }
    }

    pub(crate) fn rcgen(self) -> &'static rcgen::SignatureAlgorithm {
        match self {
            Self::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaP256 => "P-256",
            Self::EcdsaP384 => "P-384",
        })
    }
}

impl FromStr for KeyAlgorithm {
    type Err = CaError;

    /// Reads `p256` and `p384`, in any case and with or without a hyphen.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().replace('-', "").as_str() {
            "p256" => Ok(Self::EcdsaP256),
            "p384" => Ok(Self::EcdsaP384),
            _ => Err(CaError::Name {
                what: "algorithm",
                text: text.escape_debug().to_string(),
                rule: "it must be p256 or p384",
            }),
        }
    }
}

/// What an authority signs with.
pub trait Signer: Send + Sync {
    /// Algorithm of the key, which fixes the hash.
    fn algorithm(&self) -> KeyAlgorithm;

    /// The public key as an uncompressed point (SEC 1, section 2.3.3).
    fn public_key(&self) -> &[u8];

    /// Signs the bytes themselves, not a digest of them; gives the signature in ASN.1 DER.
    ///
    /// # Errors
    /// [`CaError::Sign`] when the key is out of reach or refuses.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CaError>;
}

/// A private key in memory. It is wiped when dropped, and no formatting shows it.
pub struct PrivateKey {
    algorithm: KeyAlgorithm,
    pair: EcdsaKeyPair,
}

impl PrivateKey {
    /// Makes a key from the operating system's randomness.
    ///
    /// # Errors
    /// [`CaError::Sign`] when there is no randomness.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, CaError> {
        let pair = EcdsaKeyPair::generate(algorithm.aws())
            .map_err(|_| CaError::Sign { reason: "no key can be generated".to_owned() })?;
        Ok(Self { algorithm, pair })
    }

    /// Reads a key in PEM form, PKCS#8 or SEC 1; `what` names it in errors.
    ///
    /// # Errors
    /// [`CaError::PrivateKey`] for anything but one ECDSA key on P-256 or P-384.
    pub fn from_pem(text: &[u8], what: &str) -> Result<Self, CaError> {
        let wrong = || CaError::PrivateKey { what: what.to_owned() };
        let der = Zeroizing::new(PrivateKeyDer::from_pem_slice(text).map_err(|_| wrong())?);
        for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384] {
            if let Ok(pair) = EcdsaKeyPair::from_private_key_der(algorithm.aws(), der.secret_der()) {
                return Ok(Self { algorithm, pair });
            }
        }
        Err(wrong())
    }

    /// The key as PKCS#8 in PEM form, which Envoy and OpenSSL read. The text is wiped when dropped.
    ///
    /// # Errors
    /// [`CaError::Sign`] when the key cannot be encoded.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, CaError> {
        let pkcs8 = self
            .pair
            .to_pkcs8v1()
            .map_err(|_| CaError::Sign { reason: "the key cannot be encoded".to_owned() })?;
        pem::private_key(pkcs8.as_ref())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Signer for PrivateKey {
    fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CaError> {
        let signature = self
            .pair
            .sign(&SystemRandom::new(), message)
            .map_err(|_| CaError::Sign { reason: "ECDSA failed".to_owned() })?;
        Ok(signature.as_ref().to_vec())
    }
}

/// The public half as rcgen wants it.
pub(crate) struct PublicKey<'a>(pub(crate) &'a dyn Signer);

impl rcgen::PublicKeyData for PublicKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.0.algorithm().rcgen()
    }
}

/// Random bytes for serial numbers and nonces.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], CaError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| CaError::Sign { reason: "the system gives no randomness".to_owned() })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_it_was_written_and_shows_nothing() {
        for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384] {
            let key = PrivateKey::generate(algorithm).unwrap();
            let text = key.to_pem().unwrap();
            assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n") && text.ends_with("-----\n"));
            let read = PrivateKey::from_pem(text.as_bytes(), "a key").unwrap();
            assert_eq!(read.public_key(), key.public_key());
            assert_eq!(read.algorithm(), algorithm);
            assert_eq!(format!("{key:?}"), format!("PrivateKey {{ algorithm: {algorithm:?}, .. }}"));
        }
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_without_being_repeated() {
        let error =
            PrivateKey::from_pem(b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", "k")
                .unwrap_err();
        assert!(!error.to_string().contains("c2VjcmV0"), "{error}");
    }

    #[test]
    fn an_algorithm_is_read_as_people_write_it() {
        assert_eq!("P-384".parse::<KeyAlgorithm>().unwrap(), KeyAlgorithm::EcdsaP384);
        assert_eq!("p256".parse::<KeyAlgorithm>().unwrap(), KeyAlgorithm::EcdsaP256);
        assert!("rsa".parse::<KeyAlgorithm>().is_err());
    }
}
