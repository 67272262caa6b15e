//! TLS to upstreams.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use meshc_contract::proxy::{Roots, TlsVersion, UpstreamTls};
use meshc_contract::traffic::StringMatch;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::cell::Cell;
use super::key_pair::KeyPair;
use super::names::Names;
use super::verify::{Rules, Verifier};
use super::{Alpn, Peer, Store, TlsError, alpn, provider};
use crate::stream::Stream;

/// TLS to upstreams.
#[derive(Debug)]
pub(crate) struct Connector {
    config: Arc<ClientConfig>,
    istio_mutual: bool,
    sni: Option<ServerName<'static>>,
    match_host: bool,
    alpn: Vec<Vec<u8>>,
}

impl Connector {
    /// Compiles settings and loads the files that they name. Istio mTLS is TLS 1.3, anything else 1.2 or 1.3.
    ///
    /// # Errors
    /// If a file is missing or broken, or the SNI is no DNS name.
    pub(crate) fn compile(settings: &UpstreamTls, store: &Store) -> Result<Self, TlsError> {
        let UpstreamTls { istio_mutual, certificate, roots, names, sni, match_host, alpn, crl } = settings;
        let rules = Rules {
            roots: roots.as_ref().map(|roots| store.roots(roots)).transpose()?,
            spiffe: *roots == Some(Roots::Mesh),
            names: names.iter().cloned().map(StringMatch::Exact).collect(),
            hashes: Vec::new(),
            keys: Vec::new(),
            revocations: crl.as_ref().map(|path| store.revocations(path)).transpose()?,
        };
        let verifier = Verifier { rules, required: true, signatures: provider::signatures() };
        let min = if *istio_mutual { TlsVersion::V1_3 } else { TlsVersion::V1_2 };
        let builder = ClientConfig::builder_with_provider(provider::provider(&[])?)
            .with_protocol_versions(&provider::versions(Some(min), None)?)
            .map_err(|error| TlsError::Settings(format!("no cipher suite fits the TLS versions: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match certificate {
            Some(certificate) => {
                builder.with_client_cert_resolver(Arc::new(ClientCertificate(store.key_pair(certificate)?)))
            }
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        let sni = sni.as_ref().map(|sni| {
            ServerName::try_from(sni.clone())
                .map_err(|_| TlsError::Settings(format!("the SNI `{sni}` is no DNS name")))
        });
        Ok(Self {
            config: Arc::new(config),
            istio_mutual: *istio_mutual,
            sni: sni.transpose()?,
            match_host: *match_host,
            alpn: alpn::spoken(alpn),
        })
    }

    /// Makes the handshake with an endpoint: the stream inside, the endpoint, and the application protocol that was agreed on.
    /// `host` is that of the request, for SNI and names where the settings say so; empty where there is none.
    ///
    /// # Errors
    /// If the endpoint does not speak TLS or is not who it must be. The caller bounds the time.
    pub(crate) async fn connect(
        &self,
        stream: Stream,
        host: &str,
        alpn: Alpn,
    ) -> Result<(Stream, Peer, Option<Vec<u8>>), TlsError> {
        let host = without_port(host);
        let sni = self.sni.clone().unwrap_or_else(|| server_name(host));
        let offered = alpn::offered(alpn, self.istio_mutual, &self.alpn);
        let connector = TlsConnector::from(self.config.clone());
        let stream = connector.with_alpn(offered).connect(sni, stream).await;
        let stream = stream.map_err(|error| TlsError::handshake(&error))?;
        let (_, session) = stream.get_ref();
        if self.match_host {
            check_host(session.peer_certificates().and_then(<[_]>::first), host)?;
        }
        let alpn = session.alpn_protocol().map(<[u8]>::to_vec);
        let peer = Peer::of(session);
        Ok((Stream::tls(stream), peer, alpn))
    }
}

/// The host must be in the certificate. It is checked after the handshake because the verifier hears of the SNI alone, which
/// settings may have replaced; nothing of the request is sent before.
fn check_host(leaf: Option<&rustls_pki_types::CertificateDer<'_>>, host: &str) -> Result<(), TlsError> {
    let names = leaf.and_then(|leaf| Names::parse(leaf).ok()).unwrap_or_default();
    if names.is_for(host) {
        return Ok(());
    }
    Err(TlsError::Handshake(format!("the certificate of the peer is of {}, wanted is {host}", names.told())))
}

/// What names the server in the handshake. An address is not sent as SNI (RFC 6066 §3), nor is what is no name at all.
fn server_name(host: &str) -> ServerName<'static> {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    ServerName::try_from(host.to_owned())
        .unwrap_or(ServerName::IpAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into()))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.contains(':') => name,
        Some((name, _)) if name.ends_with(']') => name,
        _ => host,
    }
}

/// The certificate that the proxy presents, as it is at the time of the handshake.
#[derive(Debug)]
struct ClientCertificate(Arc<Cell<KeyPair>>);

impl ResolvesClientCert for ClientCertificate {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let pair = self.0.get();
        let pair = pair.as_deref()?;
        pair.certified.key.choose_scheme(schemes).map(|_| pair.certified.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lose_their_port_and_addresses_are_no_sni() {
        for (host, bare) in [
            ("a.example:443", "a.example"),
            ("a.example", "a.example"),
            ("[::1]:443", "[::1]"),
            ("[::1]", "[::1]"),
            ("10.0.0.1:80", "10.0.0.1"),
            ("::1", "::1"),
            ("", ""),
        ] {
            assert_eq!(without_port(host), bare, "{host}");
        }
        assert!(matches!(server_name("[::1]"), ServerName::IpAddress(_)));
        assert!(matches!(server_name("not a name"), ServerName::IpAddress(_)));
        assert!(matches!(server_name("a.example."), ServerName::DnsName(_)));
        let istio = "outbound_.9080_.v1_._.reviews.default.svc.cluster.local";
        assert!(matches!(server_name(istio), ServerName::DnsName(_)));
        assert!(matches!(
            server_name("outbound_.9080_._.reviews.default.svc.cluster.local"),
            ServerName::DnsName(_)
        ));
    }
}
