//! TLS to endpoints, and the choice between TLS and plaintext (translation-spec §3.9).

use meshc_plan::{StringMatch, UpstreamTls, UpstreamTlsChoice};
use serde_json::json;

use super::secrets::SdsSecret;
use super::values::string_match;
use super::xds::{self, Any, CertificateValidationContext, DataSource, Empty, Extension, TlsProtocol};
use super::{EnvoyFlavor, alpn, downstream_tls};

/// What is taken from the host of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HostChecks {
    /// The SNI.
    pub(super) sni: bool,
    /// The name that the certificate must hold.
    pub(super) san: bool,
    /// Whether the user wants no certificate to be checked at all.
    pub(super) skipped: bool,
}

impl HostChecks {
    /// In Envoy's words; none when nothing is taken.
    pub(super) fn options(self) -> Option<xds::UpstreamHttpProtocolOptions> {
        let Self { sni, san, skipped: _ } = self;
        (sni || san).then_some(xds::UpstreamHttpProtocolOptions { auto_sni: sni, auto_san_validation: san })
    }
}

/// Transport sockets of a cluster.
#[derive(Default)]
pub(super) struct Sockets {
    /// The socket for every endpoint.
    pub(super) only: Option<Extension>,
    /// Sockets that the metadata of an endpoint picks from.
    pub(super) matches: Vec<xds::TransportSocketMatch>,
}

/// Transport sockets of a cluster, each inside of the PROXY protocol if that is asked for.
pub(super) fn sockets(
    choice: &UpstreamTlsChoice,
    proxy_protocol: Option<u8>,
    flavor: EnvoyFlavor,
) -> Sockets {
    let wrap = |socket: Extension| match proxy_protocol {
        None => socket,
        Some(version) => proxied(socket, version),
    };
    match choice {
        UpstreamTlsChoice::None | UpstreamTlsChoice::Withheld => {
            // istiod names the socket by the short name here, and Envoy goes by its type.
            let plain = || Extension::new("raw_buffer", Any::RawBuffer(Empty {}));
            Sockets { only: proxy_protocol.map(|_| wrap(plain())), matches: Vec::new() }
        }
        UpstreamTlsChoice::Always(tls) => {
            Sockets { only: Some(wrap(transport_socket(tls, flavor))), matches: Vec::new() }
        }
        UpstreamTlsChoice::Auto(tls) => {
            let one = |name, criteria, socket| xds::TransportSocketMatch {
                name,
                r#match: Some(criteria),
                transport_socket: Some(wrap(socket)),
            };
            let matches = vec![
                one("tlsMode-istio", json!({ "tlsMode": "istio" }), transport_socket(tls, flavor)),
                one("tlsMode-disabled", json!({}), raw_buffer()),
            ];
            Sockets { only: None, matches }
        }
    }
}

fn raw_buffer() -> Extension {
    Extension::new("envoy.transport_sockets.raw_buffer", Any::RawBuffer(Empty {}))
}

fn proxied(socket: Extension, version: u8) -> Extension {
    let config = xds::UpstreamProxyProtocol {
        config: Some(xds::ProxyProtocolConfig {
            version: (version == 2).then_some(xds::ProxyProtocolVersion::V2),
        }),
        transport_socket: Some(socket),
    };
    Extension::new("envoy.transport_sockets.upstream_proxy_protocol", Any::UpstreamProxyProtocol(config))
}

/// A TLS client of TLS 1.2 or 1.3.
fn transport_socket(tls: &UpstreamTls, flavor: EnvoyFlavor) -> Extension {
    let UpstreamTls {
        istio_mutual: _,
        certificate,
        trust,
        names,
        sni,
        auto_san_validation: _,
        alpn: protocols,
        crl,
        cipher_suites,
        ecdh_curves,
        credential: _,
    } = tls;
    let context = CertificateValidationContext {
        match_subject_alt_names: names
            .iter()
            .map(|name| string_match(&StringMatch::Exact(name.clone())))
            .collect(),
        crl: crl.clone().map(DataSource::file),
        ..CertificateValidationContext::default()
    };
    let (validation_context, combined_validation_context) = match trust {
        Some(source) => (None, Some(downstream_tls::combined(context, &SdsSecret::Trust(source.clone())))),
        None => (Some(context), None),
    };
    let context = xds::UpstreamTlsContext {
        common_tls_context: Some(xds::CommonTlsContext {
            tls_params: Some(xds::TlsParameters {
                tls_minimum_protocol_version: Some(TlsProtocol::V1_2),
                tls_maximum_protocol_version: Some(TlsProtocol::V1_3),
                cipher_suites: cipher_suites.clone(),
                ecdh_curves: ecdh_curves.clone(),
            }),
            tls_certificate_sds_secret_configs: certificate
                .iter()
                .map(|source| SdsSecret::Certificate(source.clone()).reference())
                .collect(),
            validation_context,
            combined_validation_context,
            alpn_protocols: alpn::protocols(protocols, flavor),
        }),
        sni: sni.clone().unwrap_or_default(),
    };
    Extension::new("envoy.transport_sockets.tls", Any::UpstreamTls(context))
}
