//! TLS that the proxy terminates.

use meshc_plan::{ClientCertificate, DownstreamTls, ListenerTransport, TlsVersion};

use super::secrets::SdsSecret;
use super::values::string_match;
use super::xds::{self, Any, CertificateValidationContext, DataSource, TlsProtocol};
use super::{EnvoyFlavor, alpn};

/// The transport socket of a chain.
pub(super) fn transport_socket(
    tls: &DownstreamTls,
    transport: ListenerTransport,
    flavor: EnvoyFlavor,
) -> xds::Extension {
    let DownstreamTls {
        certificates,
        client,
        alpn: protocols,
        min_version,
        max_version,
        cipher_suites,
        ecdh_curves,
    } = tls;
    let params = xds::TlsParameters {
        tls_minimum_protocol_version: min_version.map(version),
        tls_maximum_protocol_version: max_version.map(version),
        cipher_suites: cipher_suites.clone(),
        ecdh_curves: ecdh_curves.clone(),
    };
    let (validation_context, combined_validation_context) = validation(client);
    let context = xds::DownstreamTlsContext {
        common_tls_context: Some(xds::CommonTlsContext {
            tls_params: (params != xds::TlsParameters::default()).then_some(params),
            tls_certificate_sds_secret_configs: certificates
                .iter()
                .map(|source| SdsSecret::Certificate(source.clone()).reference())
                .collect(),
            validation_context,
            combined_validation_context,
            alpn_protocols: alpn::protocols(protocols, flavor),
        }),
        require_client_certificate: Some(client.required),
    };
    match transport {
        ListenerTransport::Tcp => {
            xds::Extension::new("envoy.transport_sockets.tls", Any::DownstreamTls(context))
        }
        ListenerTransport::Quic => {
            let context = xds::QuicDownstreamTransport { downstream_tls_context: Some(context) };
            xds::Extension::new("envoy.transport_sockets.quic", Any::QuicDownstream(context))
        }
    }
}

fn validation(
    client: &ClientCertificate,
) -> (Option<CertificateValidationContext>, Option<xds::CombinedValidationContext>) {
    let ClientCertificate { required: _, trust, names, spki, hash, crl, accept_untrusted } = client;
    let context = CertificateValidationContext {
        verify_certificate_spki: spki.clone(),
        verify_certificate_hash: hash.clone(),
        match_subject_alt_names: names.iter().map(string_match).collect(),
        crl: crl.clone().map(DataSource::file),
        trust_chain_verification: accept_untrusted.then_some(xds::TrustChainVerification::AcceptUntrusted),
        ..CertificateValidationContext::default()
    };
    match trust {
        Some(source) => (None, Some(combined(context, &SdsSecret::Trust(source.clone())))),
        None => ((context != CertificateValidationContext::default()).then_some(context), None),
    }
}

/// Checks against roots that come from a secret, with what the context adds.
pub(super) fn combined(
    context: CertificateValidationContext,
    roots: &SdsSecret,
) -> xds::CombinedValidationContext {
    xds::CombinedValidationContext {
        default_validation_context: Some(context),
        validation_context_sds_secret_config: Some(roots.reference()),
    }
}

fn version(version: TlsVersion) -> TlsProtocol {
    match version {
        TlsVersion::V1_0 => TlsProtocol::V1_0,
        TlsVersion::V1_1 => TlsProtocol::V1_1,
        TlsVersion::V1_2 => TlsProtocol::V1_2,
        TlsVersion::V1_3 => TlsProtocol::V1_3,
    }
}
