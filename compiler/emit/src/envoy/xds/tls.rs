//! `envoy.extensions.transport_sockets.tls.v3` and the other transport sockets.

use serde::Serialize;

use super::{ConfigSource, DataSource, Extension, StringMatcher, WatchedDirectory};

message! {
    /// `DownstreamTlsContext`.
    DownstreamTlsContext {
        common_tls_context: Option<CommonTlsContext>,
        require_client_certificate: Option<bool>,
    }
}

message! {
    /// `envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport`.
    QuicDownstreamTransport {
        downstream_tls_context: Option<DownstreamTlsContext>,
    }
}

message! {
    /// `UpstreamTlsContext`.
    UpstreamTlsContext {
        common_tls_context: Option<CommonTlsContext>,
        sni: String,
    }
}

message! {
    /// `CommonTlsContext`.
    CommonTlsContext {
        tls_params: Option<TlsParameters>,
        tls_certificate_sds_secret_configs: Vec<SdsSecretConfig>,
        validation_context: Option<CertificateValidationContext>,
        combined_validation_context: Option<CombinedValidationContext>,
        alpn_protocols: Vec<String>,
    }
}

message! {
    /// `TlsParameters`.
    TlsParameters {
        tls_minimum_protocol_version: Option<TlsProtocol>,
        tls_maximum_protocol_version: Option<TlsProtocol>,
        cipher_suites: Vec<String>,
        ecdh_curves: Vec<String>,
    }
}

/// `TlsParameters.TlsProtocol` but its default, `TLS_AUTO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum TlsProtocol {
    /// TLS 1.0.
    #[serde(rename = "TLSv1_0")]
    V1_0,
    /// TLS 1.1.
    #[serde(rename = "TLSv1_1")]
    V1_1,
    /// TLS 1.2.
    #[serde(rename = "TLSv1_2")]
    V1_2,
    /// TLS 1.3.
    #[serde(rename = "TLSv1_3")]
    V1_3,
}

message! {
    /// `SdsSecretConfig`.
    SdsSecretConfig {
        name: String,
        sds_config: Option<ConfigSource>,
    }
}

message! {
    /// `CommonTlsContext.CombinedCertificateValidationContext`.
    CombinedValidationContext {
        default_validation_context: Option<CertificateValidationContext>,
        validation_context_sds_secret_config: Option<SdsSecretConfig>,
    }
}

message! {
    /// `CertificateValidationContext`.
    CertificateValidationContext {
        trusted_ca: Option<DataSource>,
        watched_directory: Option<WatchedDirectory>,
        verify_certificate_spki: Vec<String>,
        verify_certificate_hash: Vec<String>,
        match_subject_alt_names: Vec<StringMatcher>,
        crl: Option<DataSource>,
        trust_chain_verification: Option<TrustChainVerification>,
    }
}

/// `CertificateValidationContext.TrustChainVerification` but its default, `VERIFY_TRUST_CHAIN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TrustChainVerification {
    /// A chain that does not verify is accepted.
    AcceptUntrusted,
}

message! {
    /// `Secret`.
    Secret {
        name: String,
        tls_certificate: Option<TlsCertificate>,
        validation_context: Option<CertificateValidationContext>,
    }
}

message! {
    /// `TlsCertificate`.
    TlsCertificate {
        certificate_chain: Option<DataSource>,
        private_key: Option<DataSource>,
        watched_directory: Option<WatchedDirectory>,
    }
}

message! {
    /// `envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport`.
    UpstreamProxyProtocol {
        config: Option<ProxyProtocolConfig>,
        transport_socket: Option<Extension>,
    }
}

message! {
    /// `envoy.config.core.v3.ProxyProtocolConfig`.
    ProxyProtocolConfig {
        version: Option<ProxyProtocolVersion>,
    }
}

/// `envoy.config.core.v3.ProxyProtocolConfig.Version` but its default, `V1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum ProxyProtocolVersion {
    /// The binary form.
    V2,
}
