//! Certificates, files and streams for tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meshc_contract::proxy::{
    Certificate, ClientVerification, DownstreamTls, ProxyConfig, Roots, UpstreamTls,
};
use meshc_contract::traffic::StringMatch;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType,
    SerialNumber, date_time_ymd,
};
use tokio::net::UnixStream;

use super::super::{Acceptor, Alpn, Connector, Peer, Store, TlsError};
use crate::stream::Stream;

/// SPIFFE ID of the workload whose configuration is [`config`].
pub(crate) const WORKLOAD: &str = "spiffe://cluster.local/ns/default/sa/web";

/// A root with its key.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// What a leaf says.
#[derive(Default)]
pub(crate) struct Leaf {
    pub(crate) uris: Vec<&'static str>,
    pub(crate) dns: Vec<&'static str>,
    pub(crate) serial: u64,
    pub(crate) expired: bool,
    pub(crate) not_yet: bool,
    pub(crate) is_ca: bool,
    pub(crate) usage: Option<ExtendedKeyUsagePurpose>,
}

/// A leaf with its key, PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = pem("CERTIFICATE", params.self_signed(&key).unwrap().der());
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(crate) fn issue(&self, leaf: Leaf) -> Issued {
        let mut params = CertificateParams::default();
        let Leaf { uris, dns, serial, expired, not_yet, is_ca, usage } = leaf;
        params.distinguished_name = named("leaf");
        let uris = uris.into_iter().map(|uri| SanType::URI(uri.try_into().unwrap()));
        let dns = dns.into_iter().map(|dns| SanType::DnsName(dns.try_into().unwrap()));
        params.subject_alt_names = uris.chain(dns).collect();
        params.serial_number = Some(SerialNumber::from(serial + 1));
        (params.not_before, params.not_after) = match (expired, not_yet) {
            (true, _) => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1)),
            (_, true) => (date_time_ymd(3000, 1, 1), date_time_ymd(3001, 1, 1)),
            _ => (date_time_ymd(2000, 1, 1), date_time_ymd(3000, 1, 1)),
        };
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.extended_key_usages = match usage {
            Some(usage) => vec![usage],
            None => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
        };
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            certificate: pem("CERTIFICATE", certificate.der()),
            key: pem("PRIVATE KEY", &key.serialize_der()),
        }
    }

    /// The leaf of a workload.
    pub(crate) fn svid(&self, id: &'static str) -> Issued {
        self.issue(Leaf { uris: vec![id], ..Leaf::default() })
    }

    /// A revocation list of serial numbers as [`Leaf`] has them.
    pub(crate) fn revoke(&self, serials: &[u64], next_update: i32) -> String {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2000, 1, 1),
            next_update: date_time_ymd(next_update, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: serials
                .iter()
                .map(|serial| RevokedCertParams {
                    serial_number: SerialNumber::from(serial + 1),
                    revocation_time: date_time_ymd(2000, 1, 1),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        pem("X509 CRL", params.signed_by(&self.issuer).unwrap().der())
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::OrganizationName, "meshc, tests");
    names.push(DnType::CommonName, name);
    names
}

/// The files of one workload, with a store over them.
pub(crate) struct Files {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Files {
    /// The identity of a workload of this configuration, and the roots that it trusts.
    pub(crate) fn new(identity: &Issued, roots: &str) -> Self {
        Self::of(WORKLOAD, identity, roots)
    }

    /// The same for another workload.
    pub(crate) fn of(id: &str, identity: &Issued, roots: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&config(id, folder.path()));
        let files = Self { folder, store };
        files.rotate(identity, roots);
        files
    }

    pub(crate) fn rotate(&self, identity: &Issued, roots: &str) {
        self.write("tls.crt", &identity.certificate);
        self.write("tls.key", &identity.key);
        self.write("ca.crt", roots);
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn acceptor(&self, settings: &DownstreamTls) -> Acceptor {
        Acceptor::compile(settings, &self.store).unwrap()
    }

    pub(crate) fn connector(&self, settings: &UpstreamTls) -> Connector {
        Connector::compile(settings, &self.store).unwrap()
    }
}

/// A configuration that has an identity and nothing else.
pub(crate) fn config(id: &str, folder: &Path) -> ProxyConfig {
    let file = |name: &str| folder.join(name).display().to_string();
    serde_json::from_value(serde_json::json!({
        "version": 1,
        "node": {"labels": {"workload": "web", "namespace": "default"}, "identity": id, "mesh": "mesh"},
        "identity": {"certificate": file("tls.crt"), "key": file("tls.key"), "roots": file("ca.crt")},
        "admin": {"port": 15000, "statusPort": 15021, "prometheusPort": 15090},
        "drainDuration": "5s",
        "listeners": [],
    }))
    .unwrap()
}

/// What inbound chains of a mesh say.
pub(crate) fn mesh_server() -> DownstreamTls {
    DownstreamTls {
        certificates: vec![Certificate::Workload],
        client: ClientVerification {
            required: true,
            roots: Some(Roots::Mesh),
            names: vec![StringMatch::Prefix("spiffe://cluster.local/".to_owned())],
            ..ClientVerification::default()
        },
        alpn: vec!["h2".to_owned(), "http/1.1".to_owned()],
        min_version: None,
        max_version: None,
        cipher_suites: Vec::new(),
    }
}

/// What outbound upstreams of a mesh say.
pub(crate) fn mesh_client(names: &[&str]) -> UpstreamTls {
    UpstreamTls {
        istio_mutual: true,
        certificate: Some(Certificate::Workload),
        roots: Some(Roots::Mesh),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        sni: Some("outbound_.80_._.web.default.svc.cluster.local".to_owned()),
        match_host: false,
        alpn: Vec::new(),
        crl: None,
    }
}

/// SIMPLE towards a server outside.
pub(crate) fn simple_client(roots: Option<Roots>) -> UpstreamTls {
    UpstreamTls {
        istio_mutual: false,
        certificate: None,
        roots,
        names: Vec::new(),
        sni: None,
        match_host: false,
        alpn: Vec::new(),
        crl: None,
    }
}

/// SIMPLE of a gateway.
pub(crate) fn simple_server(certificates: Vec<Certificate>) -> DownstreamTls {
    DownstreamTls {
        certificates,
        client: ClientVerification::default(),
        alpn: vec!["h2".to_owned(), "http/1.1".to_owned()],
        min_version: None,
        max_version: None,
        cipher_suites: Vec::new(),
    }
}

/// One side after a handshake.
pub(crate) type Side = Result<(Stream, Peer, Option<Vec<u8>>), TlsError>;

/// Both ends of a connection.
pub(crate) fn pair() -> (Stream, Stream) {
    let (one, other) = UnixStream::pair().unwrap();
    (Stream::unix(one), Stream::unix(other))
}

pub(crate) const LONG: Duration = Duration::from_secs(20);

/// A handshake of both sides: what the server says, and what the client says.
pub(crate) async fn shake(server: &Acceptor, client: &Connector, host: &str, alpn: Alpn) -> (Side, Side) {
    let (ours, theirs) = pair();
    tokio::join!(server.accept(ours, LONG), client.connect(theirs, host, alpn))
}

/// The text of an error.
pub(crate) fn reason(side: Side) -> String {
    match side {
        Ok((_, peer, _)) => panic!("the handshake with {peer:?} went well"),
        Err(error) => error.to_string(),
    }
}

/// A workload with its own files and the roots of one authority.
pub(crate) fn workload(authority: &Authority) -> Arc<Files> {
    Arc::new(Files::new(&authority.svid(WORKLOAD), &authority.pem))
}
