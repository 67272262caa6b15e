//! TLS from the proxy to the service.

use crate::admission::{At, Report};
use crate::istio::{ClientTlsMode, ClientTlsSettings};

/// Certificates from one source, those that the mode needs, and nothing to verify where nothing is verified.
pub(super) fn check(at: &At<'_>, settings: Option<&ClientTlsSettings>, report: &mut Report) {
    let Some(settings) = settings else { return };
    let has = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let (simple, mutual) =
        (settings.mode == Some(ClientTlsMode::Simple), settings.mode == Some(ClientTlsMode::Mutual));
    if settings.insecure_skip_verify == Some(true) && (simple || mutual) {
        let verified = has(&settings.ca_certificates)
            || !settings.subject_alt_names.is_empty()
            || simple && has(&settings.credential_name);
        if verified {
            report.refuse(
                at,
                "with `insecureSkipVerify`, neither `caCertificates` nor `subjectAltNames` can be set, \
                 and no `credentialName` for `SIMPLE`",
            );
        }
    }
    if (simple || mutual) && has(&settings.credential_name) {
        let files = [
            &settings.client_certificate,
            &settings.private_key,
            &settings.ca_certificates,
            &settings.ca_crl,
        ];
        if files.into_iter().any(has) {
            report.refuse(at, "with `credentialName`, no files of certificates and keys can be set");
        }
    } else if mutual {
        for (field, file) in
            [("clientCertificate", &settings.client_certificate), ("privateKey", &settings.private_key)]
        {
            if !has(file) {
                report.refuse(at, format!("`MUTUAL` needs `{field}`"));
            }
        }
    }
}
