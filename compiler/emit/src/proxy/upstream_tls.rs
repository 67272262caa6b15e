//! TLS to endpoints, and the choice between TLS and plaintext.

use meshc_contract::proxy;
use meshc_plan::{UpstreamTls, UpstreamTlsChoice};

use super::downstream_tls::without_exchange;
use super::feature;
use super::findings::Site;
use super::key_material::{certificate, roots};

/// TLS to an upstream, or the choice of it.
pub(super) fn choice(choice: &UpstreamTlsChoice, site: &mut Site<'_>) -> proxy::UpstreamTlsChoice {
    match choice {
        UpstreamTlsChoice::None | UpstreamTlsChoice::Withheld => proxy::UpstreamTlsChoice::None,
        UpstreamTlsChoice::Always(tls) => proxy::UpstreamTlsChoice::Always(Box::new(upstream_tls(tls, site))),
        UpstreamTlsChoice::Auto(tls) => proxy::UpstreamTlsChoice::Auto(Box::new(upstream_tls(tls, site))),
    }
}

fn upstream_tls(tls: &UpstreamTls, site: &mut Site<'_>) -> proxy::UpstreamTls {
    let UpstreamTls {
        istio_mutual,
        certificate: presented,
        trust,
        names,
        sni,
        auto_san_validation,
        alpn,
        crl,
        cipher_suites,
        ecdh_curves,
        // Secrets are mounted whoever names them.
        credential: _,
    } = tls;
    if !cipher_suites.is_empty() {
        site.lacks(&feature::UPSTREAM_CIPHERS, "");
    }
    if !ecdh_curves.is_empty() {
        site.lacks(&feature::CURVES, "");
    }
    proxy::UpstreamTls {
        istio_mutual: *istio_mutual,
        certificate: presented.as_ref().and_then(|source| certificate(source, site)),
        roots: trust.as_ref().and_then(|source| roots(source, site)),
        names: names.clone(),
        sni: sni.clone(),
        match_host: *auto_san_validation,
        alpn: without_exchange(alpn),
        crl: crl.clone(),
    }
}
