//! Certificates as Kubernetes mounts them: a folder whose entries lead through `..data`, which is replaced as a whole.

use std::path::{Path, PathBuf};

use meshc_contract::SpiffeId;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};

/// A root.
pub(crate) struct Root {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Root {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "root");
        let certificate = params.self_signed(&key).unwrap();
        let pem = pem("CERTIFICATE", certificate.der());
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Puts a new certificate of an identity into a folder, as a Secret that changes.
    pub(crate) fn mount(&self, folder: &Path, identity: &SpiffeId, serial: u64) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from(serial));
        params.subject_alt_names = vec![SanType::URI(identity.to_string().try_into().unwrap())];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = pem("CERTIFICATE", params.signed_by(&key, &self.issuer).unwrap().der());
        let key = pem("PRIVATE KEY", &key.serialize_der());
        let generation = PathBuf::from(format!("..{serial}"));
        std::fs::create_dir_all(folder.join(&generation)).unwrap();
        for (name, text) in [("tls.crt", &leaf), ("tls.key", &key), ("ca.crt", &self.pem)] {
            std::fs::write(folder.join(&generation).join(name), text).unwrap();
            let link = folder.join(name);
            if !link.exists() {
                std::os::unix::fs::symlink(Path::new("..data").join(name), link).unwrap();
            }
        }
        std::os::unix::fs::symlink(&generation, folder.join("..data.new")).unwrap();
        std::fs::rename(folder.join("..data.new"), folder.join("..data")).unwrap();
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, pem_rfc7468::LineEnding::LF, der).unwrap()
}
