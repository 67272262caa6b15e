//! TLS that a DestinationRule states (translation-spec §3.9 "SIMPLE / MUTUAL").

use meshc_api::istio::{ClientTlsMode, ClientTlsSettings};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{Registry, Service, WorkloadRole};
use meshc_plan::{CertificateSource, Discovery, TrustSource, UpstreamTls, UpstreamTlsChoice};

use super::target::Target;
use crate::context::ProxyContext;

/// TLS of mode SIMPLE or MUTUAL.
pub(super) fn stated_tls(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    settings: &ClientTlsSettings,
    discovery: &Discovery,
    http2: bool,
    diags: &mut Diagnostics,
) -> UpstreamTlsChoice {
    let credential = settings.credential_name.as_deref().filter(|name| !name.is_empty());
    if let Some(name) = credential
        && !may_use_credential(cx, target, name)
    {
        diags.push(credential_without_gateway(target, name));
        return UpstreamTlsChoice::Withheld;
    }
    let mutual = settings.mode == Some(ClientTlsMode::Mutual);
    let certificate = match credential {
        _ if !mutual => None,
        Some(name) => Some(named_certificate(name)),
        None => match file_certificate(settings) {
            Some(files) => Some(files),
            None => {
                diags.push(certificate_missing(target));
                return UpstreamTlsChoice::Withheld;
            }
        },
    };
    let skip_verify = settings.insecure_skip_verify == Some(true);
    let names = names(cx, settings, target.service);
    let sni = settings.sni.clone().filter(|sni| !sni.is_empty());
    // A dynamic forward proxy has no name of its own to check.
    let by_host = matches!(discovery, Discovery::DynamicForwardProxy { .. })
        || (sni.is_none() && settings.subject_alt_names.is_empty());
    let defaults = cx.mesh.config.tls_defaults.as_ref();
    UpstreamTlsChoice::Always(Box::new(UpstreamTls {
        istio_mutual: false,
        certificate,
        trust: (!skip_verify).then(|| trust(settings, credential)),
        auto_san_validation: by_host && !skip_verify,
        names: if skip_verify { Vec::new() } else { names },
        sni,
        alpn: if http2 { vec!["h2".to_owned()] } else { Vec::new() },
        crl: settings.ca_crl.clone().filter(|path| !path.is_empty() && !skip_verify),
        cipher_suites: defaults.map(|tls| tls.cipher_suites.clone()).unwrap_or_default(),
        ecdh_curves: defaults.map(|tls| tls.ecdh_curves.clone()).unwrap_or_default(),
        credential: credential.is_some(),
    }))
}

/// TLS that no DestinationRule states but the mesh configuration, with the SNI where none is stated; `None` where its mode MUTUAL
/// lacks a certificate.
pub(crate) fn configured_tls(
    cx: &ProxyContext<'_>,
    settings: &ClientTlsSettings,
    default_sni: Option<&str>,
    http2: bool,
) -> Option<UpstreamTlsChoice> {
    let credential = settings.credential_name.as_deref().filter(|name| !name.is_empty());
    let (certificate, istio_mutual) = match settings.mode {
        None | Some(ClientTlsMode::Disable) => return Some(UpstreamTlsChoice::None),
        Some(ClientTlsMode::Simple) => (None, false),
        Some(ClientTlsMode::Mutual) => {
            (Some(credential.map(named_certificate).or_else(|| file_certificate(settings))?), false)
        }
        Some(ClientTlsMode::IstioMutual) => (Some(CertificateSource::Workload), true),
    };
    let verifies = settings.insecure_skip_verify != Some(true);
    let stated_sni = settings.sni.as_deref().filter(|sni| !sni.is_empty());
    let sni = stated_sni.or(default_sni).map(str::to_owned);
    let trust = if istio_mutual { TrustSource::Mesh } else { trust(settings, credential) };
    let istio_alpn = if istio_mutual { &["istio-peer-exchange", "istio"][..] } else { &[] };
    let alpn = istio_alpn.iter().chain(http2.then_some(&"h2")).map(|protocol| (*protocol).to_owned());
    let defaults = cx.mesh.config.tls_defaults.as_ref().filter(|_| !istio_mutual);
    Some(UpstreamTlsChoice::Always(Box::new(UpstreamTls {
        istio_mutual,
        certificate,
        trust: verifies.then_some(trust),
        auto_san_validation: sni.is_none() && settings.subject_alt_names.is_empty() && verifies,
        names: if verifies { settings.subject_alt_names.clone() } else { Vec::new() },
        sni,
        alpn: alpn.collect(),
        crl: settings.ca_crl.clone().filter(|path| !path.is_empty() && verifies),
        cipher_suites: defaults.map(|tls| tls.cipher_suites.clone()).unwrap_or_default(),
        ecdh_curves: defaults.map(|tls| tls.ecdh_curves.clone()).unwrap_or_default(),
        credential: credential.is_some(),
    })))
}

/// Gateways may use Secrets; a sidecar only where the rule selects its workload, so that a rule for everybody does not
/// hang every proxy on a Secret that few can read. CAs in ConfigMaps are no secret.
fn may_use_credential(cx: &ProxyContext<'_>, target: &Target<'_>, name: &str) -> bool {
    let selects = target.rule.is_some_and(|rule| rule.spec.workload_selector.is_some());
    cx.workload.proxy == Some(WorkloadRole::Gateway) || selects || name.starts_with("configmap://")
}

fn credential_without_gateway(target: &Target<'_>, name: &str) -> Diagnostic {
    let message = format!(
        "`credentialName: {name}` is ignored by sidecars, since the DestinationRule has no `workloadSelector`"
    );
    target
        .about_rule(Diagnostic::new(&codes::CREDENTIAL_NEEDS_SELECTOR, message), "spec.trafficPolicy.tls.credentialName")
        .consequence(format!(
            "sidecars send plain text to {}, as istiod makes them do",
            target.service.reference.host
        ))
        .help("add a `workloadSelector` for the workloads that may read the Secret, or state `caCertificates` and files")
}

fn certificate_missing(target: &Target<'_>) -> Diagnostic {
    let message =
        "TLS mode MUTUAL states neither `credentialName` nor both `clientCertificate` and `privateKey`";
    target
        .about_rule(Diagnostic::new(&codes::CLIENT_CERTIFICATE_MISSING, message), "spec.trafficPolicy.tls")
        .consequence(format!(
            "proxies send plain text to {}, as istiod makes them do",
            target.service.reference.host
        ))
        .help("state the certificate and the key, or use mode SIMPLE")
}

fn file_certificate(settings: &ClientTlsSettings) -> Option<CertificateSource> {
    let stated = |path: &Option<String>| path.clone().filter(|path| !path.is_empty());
    Some(CertificateSource::Files {
        certificate: stated(&settings.client_certificate)?,
        key: stated(&settings.private_key)?,
    })
}

/// A certificate by the name of a credential: a Secret unless a scheme says otherwise.
fn named_certificate(name: &str) -> CertificateSource {
    match name.strip_prefix("kubernetes://") {
        Some(secret) => CertificateSource::Secret { name: secret.to_owned() },
        None if name.contains("://") => CertificateSource::Named(name.to_owned()),
        None => CertificateSource::Secret { name: name.to_owned() },
    }
}

/// The CA that is stated, else that of the operating system.
fn trust(settings: &ClientTlsSettings, credential: Option<&str>) -> TrustSource {
    if let Some(name) = credential {
        return named_trust(name);
    }
    match settings.ca_certificates.as_deref().unwrap_or_default() {
        "" | "system" => TrustSource::System,
        path => TrustSource::File(path.to_owned()),
    }
}

fn named_trust(name: &str) -> TrustSource {
    const SUFFIX: &str = "-cacert";
    if let Some((namespace, map)) = name.strip_prefix("configmap://").and_then(|rest| rest.split_once('/')) {
        return TrustSource::ConfigMap { namespace: namespace.to_owned(), name: map.to_owned() };
    }
    match name.strip_prefix("kubernetes://") {
        Some(secret) => TrustSource::Secret { name: format!("{secret}{SUFFIX}") },
        None if name.contains("://") => TrustSource::Named(name.to_owned()),
        None => TrustSource::Secret { name: format!("{name}{SUFFIX}") },
    }
}

/// Names that the certificate must carry one of: those of the rule, else those of the ServiceEntry and of the accounts of its
/// endpoints.
fn names(cx: &ProxyContext<'_>, settings: &ClientTlsSettings, service: &Service) -> Vec<String> {
    if settings.subject_alt_names.is_empty() && service.registry == Registry::External {
        service.service_accounts(cx.mesh)
    } else {
        settings.subject_alt_names.clone()
    }
}
