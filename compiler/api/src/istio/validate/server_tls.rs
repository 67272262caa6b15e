//! TLS that a server terminates.

use std::collections::BTreeSet;

use crate::admission::{At, Report};
use crate::istio::{ServerTlsMode, ServerTlsSettings, TlsProtocol};

/// Cipher suites of BoringSSL without those for shared keys.
const CIPHER_SUITES: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
];
/// Curves of BoringSSL.
const CURVES: &[&str] = &["P-224", "P-256", "P-384", "P-521", "X25519", "CECPQ2", "X25519MLKEM768"];
/// Certificates that Envoy can pick from.
const MOST_CERTIFICATES: usize = 2;

/// Certificates from one source, and those that the mode needs.
pub(super) fn check(at: &At<'_>, tls: Option<&ServerTlsSettings>, report: &mut Report) {
    let Some(tls) = tls else { return };
    parameters(at, tls, report);
    match tls.mode.unwrap_or(ServerTlsMode::Passthrough) {
        ServerTlsMode::IstioMutual => istio_mutual(at, tls, report),
        ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough => passthrough(at, tls, report),
        ServerTlsMode::Simple => terminated(at, tls, "SIMPLE", false, report),
        ServerTlsMode::Mutual => terminated(at, tls, "MUTUAL", true, report),
        ServerTlsMode::OptionalMutual => terminated(at, tls, "OPTIONAL_MUTUAL", true, report),
    }
    // The published CRD counts fields that are present, even where the webhook does not look at them.
    if !tls.credential_names.is_empty() && (tls.credential_name.is_some() || !tls.tls_certificates.is_empty())
    {
        report.refuse_in_schema(
            at,
            "only one of `credentialName`, `credentialNames` and `tlsCertificates` can be set",
        );
    }
}

fn has(text: &Option<String>) -> bool {
    text.as_deref().is_some_and(|text| !text.is_empty())
}

fn parameters(at: &At<'_>, tls: &ServerTlsSettings, report: &mut Report) {
    let old = matches!(tls.min_protocol_version, Some(TlsProtocol::TlsV1_0 | TlsProtocol::TlsV1_1));
    if old && tls.cipher_suites.is_empty() {
        report.warn(
            &at.field("minProtocolVersion"),
            "versions below TLS 1.2 need `cipherSuites`, since the default suites do not work with them",
        );
    }
    // Operators of OpenSSL's list format, such as `-SUITE`, are not looked into.
    let known_suite = |name: &str| {
        matches!(name, "" | "ALL")
            || !name.starts_with(char::is_alphanumeric)
            || CIPHER_SUITES.contains(&name)
    };
    named(at, "cipherSuites", &tls.cipher_suites, known_suite, report);
    named(at, "ecdhCurves", &tls.ecdh_curves, |name| name.is_empty() || CURVES.contains(&name), report);
}

/// Names that are unknown or stand twice are left out.
fn named(at: &At<'_>, field: &str, names: &[String], known: impl Fn(&str) -> bool, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for (index, name) in names.iter().enumerate() {
        if !known(name) {
            report.warn(&at.item(field, index), format!("`{name}` is unknown and left out"));
        } else if !seen.insert(name) {
            report.warn(&at.item(field, index), format!("`{name}` stands twice"));
        }
    }
}

fn istio_mutual(at: &At<'_>, tls: &ServerTlsSettings, report: &mut Report) {
    let fields = [
        ("serverCertificate", has(&tls.server_certificate)),
        ("privateKey", has(&tls.private_key)),
        ("caCertificates", has(&tls.ca_certificates)),
        ("credentialName", has(&tls.credential_name)),
        ("credentialNames", !tls.credential_names.is_empty()),
        ("tlsCertificates", !tls.tls_certificates.is_empty()),
    ];
    for (field, _) in fields.iter().filter(|(_, set)| *set) {
        report.refuse(
            &at.field(field),
            format!("`ISTIO_MUTUAL` uses the certificate of the mesh, so `{field}` cannot be set"),
        );
    }
}

fn passthrough(at: &At<'_>, tls: &ServerTlsSettings, report: &mut Report) {
    let files =
        [&tls.ca_crl, &tls.server_certificate, &tls.private_key, &tls.ca_certificates, &tls.credential_name];
    let certificates =
        files.into_iter().any(has) || !tls.credential_names.is_empty() || !tls.tls_certificates.is_empty();
    if certificates {
        report.warn(at, "TLS that passes through needs no certificates, so they are ignored");
    }
}

fn terminated(at: &At<'_>, tls: &ServerTlsSettings, mode: &str, verified: bool, report: &mut Report) {
    let files = has(&tls.server_certificate) && has(&tls.private_key);
    let secrets = has(&tls.credential_name) || !tls.credential_names.is_empty();
    let sources = [
        has(&tls.credential_name),
        !tls.credential_names.is_empty(),
        files,
        !tls.tls_certificates.is_empty(),
    ];
    if sources.into_iter().filter(|set| *set).count() > 1 {
        report.refuse(
            at,
            "only one of `credentialName`, `credentialNames`, `tlsCertificates`, and `serverCertificate` with \
             `privateKey` can be set",
        );
        return;
    }
    for (field, number) in
        [("tlsCertificates", tls.tls_certificates.len()), ("credentialNames", tls.credential_names.len())]
    {
        if number > MOST_CERTIFICATES {
            report.warn(
                &at.field(field),
                format!("`{mode}` can have at most {MOST_CERTIFICATES} certificates"),
            );
        }
    }
    if secrets {
        return;
    }
    if verified && !has(&tls.ca_certificates) && !has(&tls.ca_cert_credential_name) {
        report.refuse(at, format!("`{mode}` needs `caCertificates`"));
    }
    server_certificates(at, tls, mode, report);
    if has(&tls.ca_crl) && !verified {
        report.refuse(
            &at.field("caCrl"),
            format!("`{mode}` verifies no clients, so it has no use for `caCrl`"),
        );
    }
}

fn server_certificates(at: &At<'_>, tls: &ServerTlsSettings, mode: &str, report: &mut Report) {
    if tls.tls_certificates.is_empty() {
        pair(at, &tls.server_certificate, &tls.private_key, mode, report);
    }
    for (index, certificate) in tls.tls_certificates.iter().enumerate() {
        let at = at.item("tlsCertificates", index);
        pair(&at, &certificate.server_certificate, &certificate.private_key, mode, report);
    }
}

fn pair(at: &At<'_>, certificate: &Option<String>, key: &Option<String>, mode: &str, report: &mut Report) {
    for (field, file) in [("serverCertificate", certificate), ("privateKey", key)] {
        if !has(file) {
            report.refuse(at, format!("`{mode}` needs `{field}`"));
        }
    }
}
