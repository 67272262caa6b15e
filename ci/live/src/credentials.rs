//! TLS Secrets that a cluster holds and git does not: those of gateways. The harness signs them with an authority of its own.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pem_rfc7468::LineEnding;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::LiveError;
use crate::kubernetes::Cluster;
use crate::traffic::Credential;

/// Makes the Secrets, and gives the root (PEM) that clients verify them with; nothing if there are none.
pub(crate) fn add(credentials: &[Credential], cluster: &mut Cluster) -> Result<String, LiveError> {
    if credentials.is_empty() {
        return Ok(String::new());
    }
    let failed = |error: rcgen::Error| LiveError::Scenario(format!("cannot make a certificate: {error}"));
    let mut params = CertificateParams::new(Vec::new()).map_err(failed)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer =
        CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(failed)?).map_err(failed)?;
    for Credential { namespace, name, hosts } in credentials {
        let key = KeyPair::generate().map_err(failed)?;
        let params = CertificateParams::new(hosts.clone()).map_err(failed)?;
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
        let data = BTreeMap::from([
            ("tls.crt", BASE64_STANDARD.encode(pem("CERTIFICATE", certificate.der())?)),
            ("tls.key", BASE64_STANDARD.encode(pem("PRIVATE KEY", key.serialized_der())?)),
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
    pem("CERTIFICATE", issuer.der())
}

fn pem(label: &str, der: &[u8]) -> Result<String, LiveError> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der)
        .map_err(|error| LiveError::Scenario(format!("cannot write a certificate: {error}")))
}
