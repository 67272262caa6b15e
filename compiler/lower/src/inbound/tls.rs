//! mTLS of the mesh that a sidecar terminates (translation-spec §4.4).

use meshc_api::IstiodFeatures;
use meshc_api::mesh_config::{MeshConfig, TlsProtocol};
use meshc_plan::{CertificateSource, ClientCertificate, DownstreamTls, StringMatch, TlsVersion, TrustSource};

/// Cipher suites of TLS 1.2 that Istio allows, unless `meshMTLS` states others.
const CIPHER_SUITES: [&str; 6] = [
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
];

/// TLS of the mesh, for HTTP or for bytes.
pub(super) fn mutual_tls(config: &MeshConfig, features: &IstiodFeatures, http: bool) -> DownstreamTls {
    let settings = config.mesh_mtls.as_ref();
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let stated_ciphers = settings.map(|tls| tls.cipher_suites.clone()).filter(|suites| !suites.is_empty());
    DownstreamTls {
        certificates: vec![CertificateSource::Workload],
        client: ClientCertificate {
            required: true,
            trust: Some(TrustSource::Mesh),
            names: if features.skip_validate_trust_domain { Vec::new() } else { trust_domains(config) },
            spki: Vec::new(),
            hash: Vec::new(),
            crl: None,
            accept_untrusted: false,
        },
        alpn: match (http, features.disable_mx_alpn) {
            (true, _) | (false, true) => owned(&["h2", "http/1.1"]),
            (false, false) => owned(&["istio-peer-exchange", "h2", "http/1.1"]),
        },
        min_version: Some(match settings.map(|tls| tls.min_protocol_version) {
            Some(TlsProtocol::Tls13) => TlsVersion::V1_3,
            Some(TlsProtocol::Auto | TlsProtocol::Tls12) | None => TlsVersion::V1_2,
        }),
        max_version: Some(TlsVersion::V1_3),
        cipher_suites: stated_ciphers.unwrap_or_else(|| owned(&CIPHER_SUITES)),
        ecdh_curves: settings.map(|tls| tls.ecdh_curves.clone()).unwrap_or_default(),
    }
}

/// Identities that are let in: those of the trust domain of the mesh, of its aliases and of further CAs, each once.
fn trust_domains(config: &MeshConfig) -> Vec<StringMatch> {
    let mut names: Vec<StringMatch> = Vec::new();
    let further = config.ca_certificates.iter().flat_map(|ca| &ca.trust_domains);
    for domain in std::iter::once(&config.trust_domain).chain(&config.trust_domain_aliases).chain(further) {
        let name = StringMatch::Prefix(format!("spiffe://{domain}/"));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_of_the_trust_domain_and_its_aliases_are_let_in_once_each() {
        let config = MeshConfig {
            trust_domain: "td".to_owned(),
            trust_domain_aliases: vec!["old".to_owned(), "td".to_owned()],
            ..MeshConfig::default()
        };
        let prefix = |domain: &str| StringMatch::Prefix(format!("spiffe://{domain}/"));
        assert_eq!(trust_domains(&config), [prefix("td"), prefix("old")]);
    }

    #[test]
    fn bytes_exchange_peer_metadata_and_http_does_not() {
        let (config, features) = (MeshConfig::default(), IstiodFeatures::default());
        assert_eq!(mutual_tls(&config, &features, true).alpn, ["h2", "http/1.1"]);
        assert_eq!(mutual_tls(&config, &features, false).alpn, ["istio-peer-exchange", "h2", "http/1.1"]);
    }
}
