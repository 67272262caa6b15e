//! TLS that the proxy terminates.

use meshc_contract::proxy::{self, ClientVerification};
use meshc_plan::{ClientCertificate, DownstreamTls, TlsVersion};

use super::feature;
use super::findings::Site;
use super::key_material::{certificate, roots};

/// Cipher suites of TLS 1.2 that the proxy has, by OpenSSL's names.
const SUITES: [&str; 6] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
];

/// Suites that Istio lists for every workload, although no proxy of a mesh would agree on them.
const ISTIOS_LIST: [&str; 2] = ["AES256-GCM-SHA384", "AES128-GCM-SHA256"];

/// Clients and servers of Istio's build exchange metadata over connections with this ALPN, and no other proxy may agree on it.
const METADATA_EXCHANGE: &str = "istio-peer-exchange";

/// TLS of a chain.
pub(super) fn downstream_tls(tls: &DownstreamTls, site: &mut Site<'_>) -> proxy::DownstreamTls {
    let DownstreamTls { certificates, client, alpn, min_version, max_version, cipher_suites, ecdh_curves } =
        tls;
    if !ecdh_curves.is_empty() {
        site.lacks(&feature::CURVES, "");
    }
    proxy::DownstreamTls {
        certificates: certificates.iter().filter_map(|source| certificate(source, site)).collect(),
        client: verification(client, site),
        alpn: without_exchange(alpn),
        min_version: min_version.map(|least| version(least, site)),
        max_version: max_version.map(|most| version(most, site)),
        cipher_suites: suites(cipher_suites, site),
    }
}

/// ALPN without that of a protocol that only Istio's build speaks.
pub(super) fn without_exchange(alpn: &[String]) -> Vec<String> {
    alpn.iter().filter(|protocol| *protocol != METADATA_EXCHANGE).cloned().collect()
}

fn verification(client: &ClientCertificate, site: &mut Site<'_>) -> ClientVerification {
    let ClientCertificate { required, trust, names, spki, hash, crl, accept_untrusted } = client;
    if *accept_untrusted {
        site.lacks(&feature::UNTRUSTED_CLIENTS, "");
    }
    ClientVerification {
        required: *required,
        roots: trust.as_ref().and_then(|source| roots(source, site)),
        names: names.clone(),
        hash: hash.iter().map(|hash| hash.replace(':', "").to_ascii_lowercase()).collect(),
        spki: spki.clone(),
        crl: crl.clone(),
    }
}

fn version(version: TlsVersion, site: &mut Site<'_>) -> proxy::TlsVersion {
    match version {
        TlsVersion::V1_0 | TlsVersion::V1_1 => {
            site.lacks(&feature::OLD_TLS, "");
            proxy::TlsVersion::V1_2
        }
        TlsVersion::V1_2 => proxy::TlsVersion::V1_2,
        TlsVersion::V1_3 => proxy::TlsVersion::V1_3,
    }
}

fn suites(stated: &[String], site: &mut Site<'_>) -> Vec<String> {
    let (known, others): (Vec<&String>, Vec<&String>) =
        stated.iter().partition(|suite| SUITES.contains(&suite.as_str()));
    if known.is_empty() && !others.is_empty() {
        site.lacks(&feature::CIPHERS, "");
    } else if let Some(other) = others.iter().find(|suite| !ISTIOS_LIST.contains(&suite.as_str())) {
        site.lacks(&feature::WEAK_CIPHERS, format_args!("the cipher suite `{other}`"));
    }
    known.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::feature;
    use super::super::findings::at_a_site;
    use super::{suites, version, without_exchange};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn suites_that_the_proxy_has_are_kept_and_others_are_told_unless_istio_lists_them() {
        let istios = texts(&["ECDHE-RSA-AES128-GCM-SHA256", "AES256-GCM-SHA384"]);
        let (kept, lacking, _) = at_a_site(|site| suites(&istios, site));
        assert_eq!((kept, lacking), (texts(&["ECDHE-RSA-AES128-GCM-SHA256"]), vec![]));
        let weak = texts(&["ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA"]);
        let (_, lacking, _) = at_a_site(|site| suites(&weak, site));
        assert_eq!(lacking, [feature::WEAK_CIPHERS.name]);
        let (kept, lacking, _) = at_a_site(|site| suites(&texts(&["AES128-SHA"]), site));
        assert_eq!((kept, lacking), (vec![], vec![feature::CIPHERS.name]));
    }

    #[test]
    fn old_versions_are_refused() {
        let (_, lacking, _) = at_a_site(|site| version(meshc_plan::TlsVersion::V1_1, site));
        assert_eq!(lacking, [feature::OLD_TLS.name]);
    }

    #[test]
    fn nobody_agrees_on_metadata_exchange() {
        assert_eq!(
            without_exchange(&texts(&["istio-peer-exchange", "istio", "h2"])),
            texts(&["istio", "h2"])
        );
    }
}
