//! Which application protocols are offered and taken.

use super::TlsError;

/// What is spoken over a connection, which picks the application protocols that it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Alpn {
    /// Bytes.
    Tcp,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl Alpn {
    /// Whether what the handshake agreed on can be spoken. Without an agreement it is what was offered, as with Envoy.
    ///
    /// # Errors
    /// If it is the other version of HTTP.
    pub(crate) fn check(self, agreed: Option<&[u8]>) -> Result<(), TlsError> {
        match (self, agreed) {
            (Self::Http11, Some(b"h2")) | (Self::Http2, Some(b"http/1.0" | b"http/1.1")) => {
                Err(TlsError::Handshake("the endpoint speaks another version of HTTP".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// Istio's exchange of metadata over TCP. This proxy does not speak it, so that it neither offers nor takes its protocol: an Envoy
/// that agreed on it would send metadata before the first byte.
const METADATA_EXCHANGE: &str = "istio-peer-exchange";

/// The protocols of a list, without the one that is not spoken.
pub(super) fn spoken(list: &[String]) -> Vec<Vec<u8>> {
    list.iter().filter(|name| *name != METADATA_EXCHANGE).map(|name| name.clone().into_bytes()).collect()
}

/// What a connection offers. `configured` replaces the protocol of the request, except in Istio mTLS where inbound filter chains are
/// told apart by it: there it is the list of Istio's filter `istio.alpn`, and for TCP the one of `tls_context` (`istio`).
pub(super) fn offered(alpn: Alpn, istio_mutual: bool, configured: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let list = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect();
    match (alpn, istio_mutual) {
        (Alpn::Tcp, true) => list(&["istio"]),
        (Alpn::Http11, true) => list(&["istio-http/1.1", "istio", "http/1.1"]),
        (Alpn::Http2, true) => list(&["istio-h2", "istio", "h2"]),
        (_, false) if !configured.is_empty() => configured.to_vec(),
        (Alpn::Tcp, false) => Vec::new(),
        (Alpn::Http11, false) => list(&["http/1.1"]),
        (Alpn::Http2, false) => list(&["h2"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn istio_mutual_offers_the_lists_that_inbound_chains_match() {
        let names = |alpn, istio, configured: &[Vec<u8>]| -> Vec<String> {
            let offered = offered(alpn, istio, configured);
            offered.into_iter().map(|name| String::from_utf8(name).unwrap()).collect()
        };
        assert_eq!(names(Alpn::Http11, true, &[b"h2".to_vec()]), ["istio-http/1.1", "istio", "http/1.1"]);
        assert_eq!(names(Alpn::Http2, true, &[]), ["istio-h2", "istio", "h2"]);
        assert_eq!(names(Alpn::Tcp, true, &[]), ["istio"]);
        assert_eq!(names(Alpn::Http11, false, &[b"h2".to_vec()]), ["h2"]);
        assert_eq!(names(Alpn::Http2, false, &[]), ["h2"]);
        assert_eq!(names(Alpn::Tcp, false, &[]), [""; 0]);
    }

    #[test]
    fn the_other_version_of_http_is_no_agreement() {
        assert!(Alpn::Http2.check(Some(b"http/1.1")).is_err() && Alpn::Http11.check(Some(b"h2")).is_err());
        assert!(Alpn::Http2.check(Some(b"h2")).is_ok() && Alpn::Http2.check(None).is_ok());
        assert!(Alpn::Http11.check(Some(b"istio")).is_ok() && Alpn::Tcp.check(Some(b"h2")).is_ok());
    }

    #[test]
    fn metadata_exchange_is_never_agreed_on() {
        let list = ["istio-peer-exchange".to_owned(), "h2".to_owned()];
        assert_eq!(spoken(&list), [b"h2".to_vec()]);
    }
}
