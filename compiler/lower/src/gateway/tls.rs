//! TLS that servers terminate (translation-spec §5.6).

use meshc_api::istio::{ServerTlsMode, ServerTlsSettings, TlsProtocol};
use meshc_api::mesh_config::TlsProtocol as MeshTlsProtocol;
use meshc_plan::{CertificateSource, ClientCertificate, DownstreamTls, StringMatch, TlsVersion, TrustSource};

use super::ciphers::valid_ciphers;
use super::servers::GatewayServer;
use crate::context::ProxyContext;

/// What the name of the authorities in a Secret ends with.
const CA_SUFFIX: &str = "-cacert";
/// The scheme of Secrets.
const SECRET: &str = "kubernetes://";

/// TLS of a server; `None` where it does not terminate any.
pub(super) fn server_tls(cx: &ProxyContext<'_>, server: &GatewayServer) -> Option<DownstreamTls> {
    if server.passes_through() || !server.is_tls() {
        return None;
    }
    downstream_tls(cx, server.tls()?, server.tls_mode()?, server.is_http())
}

/// TLS that a proxy terminates as settings state it; `None` where it passes on.
pub(crate) fn downstream_tls(
    cx: &ProxyContext<'_>,
    settings: &ServerTlsSettings,
    mode: ServerTlsMode,
    http: bool,
) -> Option<DownstreamTls> {
    if matches!(mode, ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough) {
        return None;
    }
    let mutual = mode == ServerTlsMode::IstioMutual;
    let exchange = (mutual && !http).then_some("istio-peer-exchange");
    let client = ClientCertificate {
        required: matches!(mode, ServerTlsMode::Mutual | ServerTlsMode::IstioMutual),
        trust: trust(settings, mode),
        names: settings.subject_alt_names.iter().cloned().map(StringMatch::Exact).collect(),
        spki: settings.verify_certificate_spki.clone(),
        hash: settings.verify_certificate_hash.clone(),
        crl: text(settings.ca_crl.as_ref()),
        accept_untrusted: settings.insecure_skip_verify == Some(true),
    };
    let certificates = if mutual { vec![CertificateSource::Workload] } else { certificates(settings) };
    let alpn = exchange.into_iter().chain(["h2", "http/1.1"]).map(str::to_owned).collect();
    let parameters = if mutual { Parameters::default() } else { parameters(cx, settings) };
    let Parameters { min_version, max_version, cipher_suites, ecdh_curves } = parameters;
    Some(DownstreamTls { certificates, client, alpn, min_version, max_version, cipher_suites, ecdh_curves })
}

fn text(stated: Option<&String>) -> Option<String> {
    stated.filter(|text| !text.is_empty()).cloned()
}

/// Names of Secrets, the single one first.
fn credentials(settings: &ServerTlsSettings) -> Vec<&String> {
    let single = settings.credential_name.as_ref().filter(|name| !name.is_empty());
    if settings.credential_names.is_empty() {
        single.into_iter().collect()
    } else {
        settings.credential_names.iter().collect()
    }
}

fn certificates(settings: &ServerTlsSettings) -> Vec<CertificateSource> {
    let credentials = credentials(settings);
    if !credentials.is_empty() {
        return credentials.into_iter().map(|name| certificate(name)).collect();
    }
    let files = |certificate: Option<&String>, key: Option<&String>| CertificateSource::Files {
        certificate: certificate.cloned().unwrap_or_default(),
        key: key.cloned().unwrap_or_default(),
    };
    if settings.tls_certificates.is_empty() {
        return vec![files(settings.server_certificate.as_ref(), settings.private_key.as_ref())];
    }
    let pairs = settings.tls_certificates.iter();
    pairs.map(|pair| files(pair.server_certificate.as_ref(), pair.private_key.as_ref())).collect()
}

/// A name without a scheme is a Secret.
fn certificate(name: &str) -> CertificateSource {
    if name == "builtin://" {
        return CertificateSource::Workload;
    }
    match name.strip_prefix(SECRET) {
        Some(secret) => CertificateSource::Secret { name: secret.to_owned() },
        None if name.contains("://") => CertificateSource::Named(name.to_owned()),
        None => CertificateSource::Secret { name: name.to_owned() },
    }
}

/// What clients are checked against.
fn trust(settings: &ServerTlsSettings, mode: ServerTlsMode) -> Option<TrustSource> {
    match mode {
        ServerTlsMode::IstioMutual => return Some(TrustSource::Mesh),
        ServerTlsMode::Mutual | ServerTlsMode::OptionalMutual => {}
        ServerTlsMode::Simple | ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough => return None,
    }
    if let Some(name) = text(settings.ca_cert_credential_name.as_ref()) {
        return Some(authorities(&name));
    }
    if let Some(name) = credentials(settings).first() {
        return Some(with_suffix(name));
    }
    let pair = settings.tls_certificates.iter().find_map(|pair| text(pair.ca_certificates.as_ref()));
    text(settings.ca_certificates.as_ref()).or(pair).map(TrustSource::File)
}

/// Authorities beside a certificate.
fn with_suffix(name: &str) -> TrustSource {
    match certificate(name) {
        CertificateSource::Workload => TrustSource::Mesh,
        CertificateSource::Secret { name } => TrustSource::Secret { name: format!("{name}{CA_SUFFIX}") },
        CertificateSource::Named(name) => TrustSource::Named(format!("{name}{CA_SUFFIX}")),
        CertificateSource::Files { certificate, .. } => TrustSource::File(certificate),
    }
}

/// Authorities that have a name of their own.
fn authorities(name: &str) -> TrustSource {
    if let Some(path) = name.strip_prefix("configmap://") {
        let (namespace, name) = path.split_once('/').unwrap_or(("", path));
        return TrustSource::ConfigMap { namespace: namespace.to_owned(), name: name.to_owned() };
    }
    match certificate(name) {
        CertificateSource::Secret { name } => {
            let name = if name.ends_with(CA_SUFFIX) { name } else { format!("{name}{CA_SUFFIX}") };
            TrustSource::Secret { name }
        }
        CertificateSource::Workload => TrustSource::Mesh,
        CertificateSource::Named(name) => TrustSource::Named(name),
        CertificateSource::Files { certificate, .. } => TrustSource::File(certificate),
    }
}

#[derive(Debug, Default)]
struct Parameters {
    min_version: Option<TlsVersion>,
    max_version: Option<TlsVersion>,
    cipher_suites: Vec<String>,
    ecdh_curves: Vec<String>,
}

/// What the server states, else what the mesh states (`tlsDefaults`), else Envoy's defaults.
fn parameters(cx: &ProxyContext<'_>, settings: &ServerTlsSettings) -> Parameters {
    let mesh = cx.mesh.config.tls_defaults.as_ref();
    let or_mesh = |stated: &[String], mesh: Option<&Vec<String>>| match stated {
        [] => mesh.cloned().unwrap_or_default(),
        stated => stated.to_vec(),
    };
    let mesh_min = mesh.and_then(|mesh| match mesh.min_protocol_version {
        MeshTlsProtocol::Auto => None,
        MeshTlsProtocol::Tls12 => Some(TlsVersion::V1_2),
        MeshTlsProtocol::Tls13 => Some(TlsVersion::V1_3),
    });
    Parameters {
        min_version: settings.min_protocol_version.and_then(version).or(mesh_min),
        max_version: settings.max_protocol_version.and_then(version),
        cipher_suites: valid_ciphers(or_mesh(&settings.cipher_suites, mesh.map(|mesh| &mesh.cipher_suites))),
        ecdh_curves: or_mesh(&settings.ecdh_curves, mesh.map(|mesh| &mesh.ecdh_curves)),
    }
}

fn version(stated: TlsProtocol) -> Option<TlsVersion> {
    match stated {
        TlsProtocol::TlsAuto => None,
        TlsProtocol::TlsV1_0 => Some(TlsVersion::V1_0),
        TlsProtocol::TlsV1_1 => Some(TlsVersion::V1_1),
        TlsProtocol::TlsV1_2 => Some(TlsVersion::V1_2),
        TlsProtocol::TlsV1_3 => Some(TlsVersion::V1_3),
    }
}
