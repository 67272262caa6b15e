//! What `/certs` tells, in the layout of Envoy's admin interface.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls_pki_types::CertificateDer;
use serde::Serialize;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::names::Names;

/// One certificate with the roots that go with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CertificateInfo {
    /// Roots.
    pub(crate) ca_cert: Vec<CertificateSummary>,
    /// Leaf and intermediates.
    pub(crate) cert_chain: Vec<CertificateSummary>,
}

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CertificateSummary {
    /// File that it comes from.
    pub(crate) path: String,
    /// Serial number, hex.
    pub(crate) serial_number: String,
    /// Names, each as `{"uri": …}`, `{"dns": …}` or `{"ip_address": …}`.
    pub(crate) subject_alt_names: Vec<BTreeMap<&'static str, String>>,
    /// Whole days until it expires, 0 when it has.
    pub(crate) days_until_expiration: String,
    /// Start of its validity, RFC 3339.
    pub(crate) valid_from: String,
    /// End of its validity, RFC 3339.
    pub(crate) expiration_time: String,
    /// End of its validity in seconds since 1970, for metrics.
    #[serde(skip)]
    pub(crate) expires_at: i64,
}

/// What is told of certificates of a file; one that cannot be read is not told.
pub(super) fn summaries(path: &Path, certificates: &[CertificateDer<'_>]) -> Vec<CertificateSummary> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    certificates.iter().filter_map(|certificate| summary(path, certificate, now)).collect()
}

fn summary(path: &Path, certificate: &[u8], now: i64) -> Option<CertificateSummary> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let names = Names::of(&parsed).unwrap_or_default();
    let named = |kind: &'static str, name: String| BTreeMap::from([(kind, name)]);
    let uris = names.uris.into_iter().map(|name| named("uri", name));
    let dns = names.dns.into_iter().map(|name| named("dns", name));
    let ips = names.ips.into_iter().map(|ip| named("ip_address", ip.to_string()));
    let expires_at = parsed.validity().not_after.timestamp();
    let days = expires_at.saturating_sub(now).max(0) / 86_400;
    Some(CertificateSummary {
        path: path.display().to_string(),
        serial_number: super::verify::hex(parsed.raw_serial()),
        subject_alt_names: uris.chain(dns).chain(ips).collect(),
        days_until_expiration: days.to_string(),
        valid_from: rfc3339(parsed.validity().not_before),
        expiration_time: rfc3339(parsed.validity().not_after),
        expires_at,
    })
}

fn rfc3339(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}
