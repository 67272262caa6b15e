//! What `/certs` tells, in the layout of Envoy's admin interface.

use serde::Serialize;

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
    /// Names, each as `{"uri": …}` or `{"dns": …}`.
    pub(crate) subject_alt_names: Vec<std::collections::BTreeMap<&'static str, String>>,
    /// Whole days until it expires.
    pub(crate) days_until_expiration: String,
    /// Start of its validity, RFC 3339.
    pub(crate) valid_from: String,
    /// End of its validity, RFC 3339.
    pub(crate) expiration_time: String,
    /// End of its validity in seconds since 1970, for metrics.
    #[serde(skip)]
    pub(crate) expires_at: i64,
}
