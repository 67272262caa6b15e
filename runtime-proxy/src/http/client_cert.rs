//! `x-forwarded-client-cert`: who the client is, for the application and for proxies behind (Envoy's `forward_client_cert_details`).

use std::cell::RefCell;

use ::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use meshc_contract::proxy::{ClientCertDetails, ForwardClientCert};

use super::names::CLIENT_CERT;
use crate::tls::Peer;

/// What the header says of the client of a connection. It is spelled once, because that takes longer than all else that is done for
/// a request.
#[derive(Debug, Default)]
pub(super) struct Spelled(RefCell<Option<Spelling>>);

#[derive(Debug)]
struct Spelling {
    details: ClientCertDetails,
    by: String,
    /// `None` if the names of the certificate cannot stand in a header.
    value: Option<HeaderValue>,
}

impl Spelled {
    fn get(&self, details: ClientCertDetails, by: &str, peer: &Peer) -> Option<HeaderValue> {
        let mut known = self.0.borrow_mut();
        // A reload may want it spelled differently.
        match &*known {
            Some(known) if known.details == details && known.by == by => known.value.clone(),
            _ => {
                let value = HeaderValue::from_str(&element(details, by, peer)).ok();
                *known = Some(Spelling { details, by: by.to_owned(), value: value.clone() });
                value
            }
        }
    }
}

/// Brings the header into the state that the mode asks for. `by` is the identity of this proxy; `peer` is the client of TLS.
pub(super) fn forward(
    mode: ForwardClientCert,
    details: ClientCertDetails,
    by: &str,
    (peer, spelled): (Option<&Peer>, &Spelled),
    headers: &mut HeaderMap,
) {
    // Without a certificate of the client nothing is known, and what the client says of itself must not be believed.
    let peer = peer.filter(|peer| peer.certificate.is_some());
    match (mode, peer) {
        (ForwardClientCert::AlwaysForwardOnly, _) | (ForwardClientCert::ForwardOnly, Some(_)) => {}
        (ForwardClientCert::Sanitize, _) | (_, None) => {
            headers.remove(CLIENT_CERT);
        }
        (ForwardClientCert::AppendForward, Some(peer)) => {
            let own = spelled.get(details, by, peer);
            let own = own.as_ref().and_then(|own| own.to_str().ok());
            let before = headers.get_all(CLIENT_CERT).iter().filter_map(|value| value.to_str().ok());
            let all = own.map(|own| before.chain(std::iter::once(own)).collect::<Vec<_>>().join(","));
            set(headers, all.and_then(|all| HeaderValue::from_str(&all).ok()));
        }
        (ForwardClientCert::SanitizeSet, Some(peer)) => set(headers, spelled.get(details, by, peer)),
    }
}

/// A certificate whose names cannot stand in a header is not vouched for.
fn set(headers: &mut HeaderMap, value: Option<HeaderValue>) {
    match value {
        Some(value) => headers.insert(CLIENT_CERT, value),
        None => headers.remove(CLIENT_CERT),
    };
}

fn element(details: ClientCertDetails, by: &str, peer: &Peer) -> String {
    let ClientCertDetails { subject, cert, chain, dns, uri } = details;
    let mut parts = Vec::new();
    if !by.is_empty() {
        parts.push(format!("By={by}"));
    }
    parts.push(format!("Hash={}", peer.hash()));
    if cert && let Some(leaf) = &peer.certificate {
        parts.push(format!("Cert=\"{}\"", url_encoded(&pem(leaf))));
    }
    if chain {
        let all: String = peer.chain.iter().map(|one| pem(one)).collect();
        parts.push(format!("Chain=\"{}\"", url_encoded(&all)));
    }
    if subject {
        parts.push(format!("Subject=\"{}\"", peer.subject.replace('\\', "\\\\").replace('"', "\\\"")));
    }
    if uri {
        // Envoy writes the key even where there is no URI.
        match peer.uris.as_slice() {
            [] => parts.push("URI=".to_owned()),
            uris => parts.extend(uris.iter().map(|uri| format!("URI={uri}"))),
        }
    }
    if dns {
        parts.extend(peer.dns.iter().map(|name| format!("DNS={name}")));
    }
    parts.join(";")
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = behind;
    }
    out.push_str("-----END CERTIFICATE-----\n");
    out
}

/// Escapes what Envoy escapes in PEM.
fn url_encoded(text: &str) -> String {
    text.replace('\n', "%0A").replace(' ', "%20").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISTIO: ClientCertDetails =
        ClientCertDetails { subject: true, cert: false, chain: false, dns: true, uri: true };

    fn peer() -> Peer {
        Peer {
            uris: vec!["spiffe://a/ns/b/sa/c".to_owned()],
            dns: vec!["web".to_owned()],
            certificate: Some(vec![1, 2, 3].into()),
            ..Peer::default()
        }
    }

    fn after(mode: ForwardClientCert, peer: Option<&Peer>) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(CLIENT_CERT, HeaderValue::from_static("By=evil"));
        forward(mode, ISTIO, "spiffe://me", (peer, &Spelled::default()), &mut headers);
        headers.get(CLIENT_CERT).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn what_a_client_without_certificate_says_is_removed() {
        for mode in [
            ForwardClientCert::Sanitize,
            ForwardClientCert::ForwardOnly,
            ForwardClientCert::AppendForward,
            ForwardClientCert::SanitizeSet,
        ] {
            assert_eq!(after(mode, None), None, "{mode:?}");
            assert_eq!(after(mode, Some(&Peer::default())).filter(|_| true), None, "{mode:?}");
        }
        assert_eq!(after(ForwardClientCert::AlwaysForwardOnly, None).as_deref(), Some("By=evil"));
    }

    #[test]
    fn what_is_known_of_the_client_is_written() {
        let peer = peer();
        let own =
            format!("By=spiffe://me;Hash={};Subject=\"\";URI=spiffe://a/ns/b/sa/c;DNS=web", peer.hash());
        assert_eq!(after(ForwardClientCert::SanitizeSet, Some(&peer)).as_deref(), Some(own.as_str()));
        let appended = format!("By=evil,{own}");
        assert_eq!(after(ForwardClientCert::AppendForward, Some(&peer)).as_deref(), Some(appended.as_str()));
        assert_eq!(after(ForwardClientCert::Sanitize, Some(&peer)), None);
        assert_eq!(after(ForwardClientCert::ForwardOnly, Some(&peer)).as_deref(), Some("By=evil"));
    }

    #[test]
    fn a_reload_spells_it_anew() {
        let (spelled, peer) = (Spelled::default(), peer());
        let all = |by: &str, details| spelled.get(details, by, &peer).unwrap();
        assert_eq!(all("spiffe://me", ISTIO), all("spiffe://me", ISTIO));
        assert_ne!(all("spiffe://me", ISTIO), all("spiffe://other", ISTIO));
        assert_ne!(all("spiffe://other", ISTIO), all("spiffe://other", ClientCertDetails::default()));
    }

    #[test]
    fn certificates_are_escaped_pem() {
        let all = ClientCertDetails { cert: true, ..ClientCertDetails::default() };
        let text = element(all, "", &peer());
        assert!(text.contains("Cert=\"-----BEGIN%20CERTIFICATE-----%0AAQID%0A-----END%20"), "{text}");
    }
}
