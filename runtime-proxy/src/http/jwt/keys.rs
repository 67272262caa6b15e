//! Keys of issuers: JSON Web Key Sets (RFC 7517) and signatures (RFC 7518, RFC 8037).

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The keys of an issuer.
#[derive(Debug)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// Uncompressed points, by curve.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

impl KeySet {
    /// Reads a key set. Keys of kinds that no token may be signed with here are left out, as Envoy does it; one that cannot be
    /// read at all is an error.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Set { keys } = serde_json::from_str(text).map_err(|error| format!("no key set: {error}"))?;
        let keys: Vec<Key> = keys.into_iter().filter_map(Key::of).collect();
        if keys.is_empty() {
            return Err("the key set has no key that a token may be signed with".to_owned());
        }
        Ok(Self { keys })
    }

    /// Whether one of the keys made a signature. Symmetric algorithms and `none` are never accepted.
    pub(super) fn verifies(
        &self,
        algorithm: &str,
        id: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> bool {
        let fits = |key: &&Key| {
            let same_id = match (id, &key.id) {
                (Some(id), Some(own)) => id == own,
                _ => true,
            };
            same_id && key.algorithm.as_deref().is_none_or(|own| own == algorithm)
        };
        self.keys.iter().filter(fits).any(|key| key.material.verifies(algorithm, signed, signature))
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        let Jwk { kty, kid, alg, crv, n, e, x, y } = jwk;
        let bytes = |text: &str| {
            URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok().filter(|bytes| !bytes.is_empty())
        };
        let point = |length: usize| {
            let padded = |text: &str| {
                let bytes = bytes(text)?;
                let missing = length.checked_sub(bytes.len())?;
                Some([vec![0; missing], bytes].concat())
            };
            Some([vec![4], padded(&x)?, padded(&y)?].concat())
        };
        let material = match (kty.as_str(), crv.as_str()) {
            ("RSA", _) => Material::Rsa { n: bytes(&n)?, e: bytes(&e)? },
            ("EC", "P-256") => Material::P256(point(32)?),
            ("EC", "P-384") => Material::P384(point(48)?),
            ("OKP", "Ed25519") => Material::Ed25519(bytes(&x)?),
            _ => return None,
        };
        Some(Self { id: kid, algorithm: alg, material })
    }
}

impl Material {
    fn verifies(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> bool {
        let with = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(signed, signature).is_ok()
        };
        match self {
            Self::Rsa { n, e } => rsa(algorithm)
                .is_some_and(|rsa| PublicKeyComponents { n, e }.verify(rsa, signed, signature).is_ok()),
            Self::P256(point) => algorithm == "ES256" && with(&ECDSA_P256_SHA256_FIXED, point),
            Self::P384(point) => algorithm == "ES384" && with(&ECDSA_P384_SHA384_FIXED, point),
            Self::Ed25519(point) => algorithm == "EdDSA" && with(&ED25519, point),
        }
    }
}

fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    let parameters: &'static signature::RsaParameters = match algorithm {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "PS384" => &RSA_PSS_2048_8192_SHA384,
        "PS512" => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    };
    Some(parameters)
}
