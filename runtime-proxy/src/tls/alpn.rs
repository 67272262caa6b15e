//! Which application protocols are offered and taken.

/// What is spoken over a connection, which picks the application protocols that it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Alpn {
    /// Bytes.
    Tcp,
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
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
        (Alpn::Http10, true) => list(&["istio-http/1.0", "istio", "http/1.0"]),
        (Alpn::Http11, true) => list(&["istio-http/1.1", "istio", "http/1.1"]),
        (Alpn::Http2, true) => list(&["istio-h2", "istio", "h2"]),
        (_, false) if !configured.is_empty() => configured.to_vec(),
        (Alpn::Tcp, false) => Vec::new(),
        (Alpn::Http10, false) => list(&["http/1.0"]),
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
        assert_eq!(names(Alpn::Http10, true, &[]), ["istio-http/1.0", "istio", "http/1.0"]);
        assert_eq!(names(Alpn::Http2, true, &[]), ["istio-h2", "istio", "h2"]);
        assert_eq!(names(Alpn::Tcp, true, &[]), ["istio"]);
        assert_eq!(names(Alpn::Http11, false, &[b"h2".to_vec()]), ["h2"]);
        assert_eq!(names(Alpn::Http2, false, &[]), ["h2"]);
        assert_eq!(names(Alpn::Tcp, false, &[]), [""; 0]);
    }

    #[test]
    fn metadata_exchange_is_never_agreed_on() {
        let list = ["istio-peer-exchange".to_owned(), "h2".to_owned()];
        assert_eq!(spoken(&list), [b"h2".to_vec()]);
    }
}
