//! Our signers in rcgen's terms.

use std::sync::{Mutex, PoisonError};

use crate::{CaError, KeyAlgorithm, Signer};

/// A signer as rcgen's signing key. rcgen's error cannot carry what a remote signer said, so that is kept here.
pub(crate) struct RcgenKey<S> {
    signer: S,
    failure: Mutex<Option<CaError>>,
}

impl<S: Signer> RcgenKey<S> {
    pub(crate) fn new(signer: S) -> Self {
        Self { signer, failure: Mutex::new(None) }
    }

    /// The result of a call of rcgen, with the signer's own words when it was the signer that failed.
    pub(crate) fn outcome<T>(&self, result: Result<T, rcgen::Error>) -> Result<T, CaError> {
        result.map_err(|error| {
            let said = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
            said.unwrap_or_else(|| CaError::certificate(error))
        })
    }
}

impl<S: Signer> rcgen::PublicKeyData for RcgenKey<S> {
    fn der_bytes(&self) -> &[u8] {
        self.signer.public_key()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.signer.algorithm().rcgen()
    }
}

impl<S: Signer> rcgen::SigningKey for RcgenKey<S> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.signer.sign(message).map_err(|error| {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            rcgen::Error::RemoteKeyError
        })
    }
}

impl<S: Signer + ?Sized> Signer for &S {
    fn algorithm(&self) -> KeyAlgorithm {
        (**self).algorithm()
    }

    fn public_key(&self) -> &[u8] {
        (**self).public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CaError> {
        (**self).sign(message)
    }
}

impl<S: Signer + ?Sized> Signer for Box<S> {
    fn algorithm(&self) -> KeyAlgorithm {
        (**self).algorithm()
    }

    fn public_key(&self) -> &[u8] {
        (**self).public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CaError> {
        (**self).sign(message)
    }
}
