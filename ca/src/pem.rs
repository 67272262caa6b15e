//! PEM: certificates as text, and private keys in a buffer that is wiped.

use pem_rfc7468::LineEnding;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::CaError;

/// One certificate as PEM with a final newline.
pub(crate) fn certificate(der: &[u8]) -> Result<String, CaError> {
    pem_rfc7468::encode_string("CERTIFICATE", LineEnding::LF, der).map_err(CaError::certificate)
}

/// A PKCS#8 private key as PEM with a final newline. One allocation of the final size, so that no copy stays behind.
pub(crate) fn private_key(pkcs8: &[u8]) -> Result<Zeroizing<String>, CaError> {
    pem_rfc7468::encode_string("PRIVATE KEY", LineEnding::LF, pkcs8)
        .map(Zeroizing::new)
        .map_err(CaError::certificate)
}

/// The certificates of a PEM text, in their order; `what` names the text in errors.
pub(crate) fn read_certificates(text: &str, what: &str) -> Result<Vec<CertificateDer<'static>>, CaError> {
    let wrong = |reason: String| CaError::IssuerCertificate { what: what.to_owned(), reason };
    let found = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(format!("it is not well-formed PEM ({error})")))?;
    if found.is_empty() { Err(wrong("it holds no PEM block CERTIFICATE".to_owned())) } else { Ok(found) }
}
