//! Certificates that a mesh does not issue: TLS Secrets that a cluster holds and git does not, and those of servers that speak TLS
//! themselves. The harness signs them with an authority of its own, which its clients trust.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pem_rfc7468::LineEnding;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::LiveError;
use crate::echo::EchoTls;
use crate::kubernetes::Cluster;
use crate::traffic::Credential;

/// The authority of one run.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority.
    pub(crate) fn new() -> Result<Self, LiveError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer =
            KeyPair::generate().and_then(|key| CertifiedIssuer::self_signed(params, key)).map_err(failed)?;
        Ok(Self { issuer })
    }

    /// The root (PEM) that clients verify servers with.
    pub(crate) fn root(&self) -> Result<String, LiveError> {
        pem("CERTIFICATE", self.issuer.der())
    }

    /// The certificate of a server with these names.
    pub(crate) fn server(&self, hosts: &[String]) -> Result<EchoTls, LiveError> {
        let key = KeyPair::generate().map_err(failed)?;
        let params = CertificateParams::new(hosts).map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(EchoTls {
            certificate: pem("CERTIFICATE", certificate.der())?,
            key: pem("PRIVATE KEY", key.serialized_der())?,
        })
    }

    /// Puts Secrets into a cluster.
    pub(crate) fn add(&self, credentials: &[Credential], cluster: &mut Cluster) -> Result<(), LiveError> {
        for Credential { namespace, name, hosts } in credentials {
            let EchoTls { certificate, key } = self.server(hosts)?;
            let data = BTreeMap::from([
                ("tls.crt", BASE64_STANDARD.encode(certificate)),
                ("tls.key", BASE64_STANDARD.encode(key)),
            ]);
            let secret = serde_json::json!({
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"namespace": namespace, "name": name},
                "type": "kubernetes.io/tls",
                "data": data,
            });
            cluster.add(&secret.to_string(), Path::new("traffic.yaml"))?;
        }
        Ok(())
    }
}

fn failed(error: rcgen::Error) -> LiveError {
    LiveError::Scenario(format!("cannot make a certificate: {error}"))
}

fn pem(label: &str, der: &[u8]) -> Result<String, LiveError> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der)
        .map_err(|error| LiveError::Scenario(format!("cannot write a certificate: {error}")))
}
