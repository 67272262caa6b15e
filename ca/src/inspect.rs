//! What a certificate says, for `meshc ca inspect`, for checks of the authority, and for tests.

use aws_lc_rs::digest::SHA256;
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use crate::{CaError, pem};

/// The parts of a certificate that matter for a mesh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Subject, `""` for an X.509-SVID.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number, lower-case hexadecimal in pairs with `:`.
    pub serial: String,
    /// Algorithm and size of its public key, such as `ECDSA P-256` and `RSA 2048`; others as object identifiers.
    pub key: String,
    /// SHA-256 of its encoding, lower-case hexadecimal in pairs with `:`, as OpenSSL's `-fingerprint -sha256`.
    pub fingerprint: String,
    /// First moment of validity.
    pub not_before: OffsetDateTime,
    /// Last moment of validity.
    pub not_after: OffsetDateTime,
    /// Basic constraints say that it is an authority.
    pub is_ca: bool,
    /// How many authorities may follow below it, when that is bounded.
    pub path_length: Option<u32>,
    /// URI alternative names, SPIFFE IDs among them.
    pub uris: Vec<String>,
    /// All other alternative names, such as `dns:example.com`.
    pub other_names: Vec<String>,
    /// The alternative names are critical.
    pub names_critical: bool,
    /// Key usages, as RFC 5280 spells them, in the order of its bits.
    pub key_usages: Vec<&'static str>,
    /// Extended key usages, as RFC 5280 spells them, others as object identifiers.
    pub extended_key_usages: Vec<String>,
    /// Extensions that are critical and that this reader does not know; a verifier refuses such a certificate.
    pub unknown_critical: Vec<String>,
}

/// Reads every certificate of a PEM text, in its order; `what` names the text in errors.
///
/// # Errors
/// [`CaError::IssuerCertificate`] for a text without certificates, [`CaError::Certificate`] for one that is malformed.
pub fn inspect_pem(text: &str, what: &str) -> Result<Vec<CertificateFacts>, CaError> {
    pem::read_certificates(text, what)?.iter().map(inspect_certificate).collect()
}

/// Reads one certificate.
///
/// # Errors
/// [`CaError::Certificate`] for one that is malformed.
pub fn inspect_certificate(der: &CertificateDer<'_>) -> Result<CertificateFacts, CaError> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(CaError::certificate)?;
    if !rest.is_empty() {
        return Err(CaError::certificate("there are bytes after its end"));
    }
    facts(&certificate, der)
}

/// What a certificate says; `der` is its encoding.
pub(crate) fn facts(certificate: &X509Certificate<'_>, der: &[u8]) -> Result<CertificateFacts, CaError> {
    let mut facts = CertificateFacts {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        serial: certificate.raw_serial_as_string(),
        key: key(certificate),
        fingerprint: fingerprint(der),
        not_before: certificate.validity().not_before.to_datetime(),
        not_after: certificate.validity().not_after.to_datetime(),
        is_ca: false,
        path_length: None,
        uris: Vec::new(),
        other_names: Vec::new(),
        names_critical: false,
        key_usages: Vec::new(),
        extended_key_usages: Vec::new(),
        unknown_critical: Vec::new(),
    };
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(constraints) => {
                facts.is_ca = constraints.ca;
                facts.path_length = constraints.path_len_constraint;
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                facts.names_critical = extension.critical;
                for name in &names.general_names {
                    match name {
                        GeneralName::URI(uri) => facts.uris.push((*uri).to_owned()),
                        other => facts.other_names.push(spell(other)),
                    }
                }
            }
            ParsedExtension::KeyUsage(usage) => facts.key_usages = key_usages(usage.flags),
            ParsedExtension::ExtendedKeyUsage(usage) => facts.extended_key_usages = extended(usage),
            ParsedExtension::ParseError { error } => return Err(CaError::certificate(error)),
            ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::Unparsed
                if extension.critical =>
            {
                facts.unknown_critical.push(extension.oid.to_id_string());
            }
            _ => {}
        }
    }
    Ok(facts)
}

fn key(certificate: &X509Certificate<'_>) -> String {
    let key = certificate.public_key();
    match key.parsed() {
        Ok(PublicKey::EC(point)) => format!("ECDSA P-{}", point.key_size()),
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
        _ => key.algorithm.algorithm.to_id_string(),
    }
}

fn fingerprint(der: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&SHA256, der);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn spell(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(dns) => format!("dns:{dns}"),
        GeneralName::RFC822Name(mail) => format!("email:{mail}"),
        GeneralName::IPAddress(bytes) => match *bytes {
            [a, b, c, d] => format!("ip:{}", std::net::Ipv4Addr::new(*a, *b, *c, *d)),
            _ => match <[u8; 16]>::try_from(*bytes) {
                Ok(sixteen) => format!("ip:{}", std::net::Ipv6Addr::from(sixteen)),
                Err(_) => "ip:malformed".to_owned(),
            },
        },
        other => other.to_string(),
    }
}

/// Bit n of the extension is the name at place n (RFC 5280, section 4.2.1.3).
fn key_usages(flags: u16) -> Vec<&'static str> {
    const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];
    NAMES.iter().enumerate().filter(|&(bit, _)| flags & (1 << bit) != 0).map(|(_, name)| *name).collect()
}

fn extended(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let mut names: Vec<String> =
        known.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned()).collect();
    names.extend(usage.other.iter().map(x509_parser::der_parser::Oid::to_id_string));
    names
}
