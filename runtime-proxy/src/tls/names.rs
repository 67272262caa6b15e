//! Alternative names of certificates, and whether one of them is wanted.

use std::net::IpAddr;

use meshc_contract::traffic::StringMatch;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

/// Alternative names of a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// URIs.
    pub(super) uris: Vec<String>,
    /// DNS names, perhaps with a wildcard.
    pub(super) dns: Vec<String>,
    /// Email addresses.
    pub(super) emails: Vec<String>,
    /// IP addresses.
    pub(super) ips: Vec<IpAddr>,
}

/// A certificate that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl Names {
    /// Reads the names of a certificate.
    ///
    /// # Errors
    /// If it is malformed.
    pub(super) fn parse(certificate: &[u8]) -> Result<Self, Malformed> {
        let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| Malformed)?;
        Self::of(&certificate)
    }

    /// The names of a certificate that is read already.
    ///
    /// # Errors
    /// If they are malformed.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Result<Self, Malformed> {
        let mut names = Self::default();
        let Some(extension) = certificate.subject_alternative_name().map_err(|_| Malformed)? else {
            return Ok(names);
        };
        for name in &extension.value.general_names {
            match name {
                GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
                GeneralName::DNSName(dns) => names.dns.push((*dns).to_owned()),
                GeneralName::RFC822Name(email) => names.emails.push((*email).to_owned()),
                GeneralName::IPAddress(bytes) => names.ips.push(ip(bytes).ok_or(Malformed)?),
                GeneralName::Invalid(..) => return Err(Malformed),
                _ => {}
            }
        }
        Ok(names)
    }

    /// The SPIFFE ID of an X.509-SVID: its only URI name (X.509-SVID §2); `None` for any other certificate.
    pub(super) fn spiffe(&self) -> Option<&String> {
        match self.uris.as_slice() {
            [uri] if uri.starts_with("spiffe://") => Some(uri),
            _ => None,
        }
    }

    /// All names, for messages.
    pub(super) fn told(&self) -> String {
        let ips = self.ips.iter().map(IpAddr::to_string);
        let texts = self.uris.iter().chain(&self.dns).chain(&self.emails).cloned();
        let all: Vec<String> = texts.chain(ips).collect();
        if all.is_empty() { "nobody".to_owned() } else { all.join(", ") }
    }

    /// Whether a name is one that is wanted, as Envoy's `match_subject_alt_names` decides it: over names of all types, and an exact
    /// text against DNS names as [`covers`] does.
    pub(super) fn matched_by(&self, wanted: &StringMatch) -> bool {
        let dns = |name: &String| match wanted {
            StringMatch::Exact(host) => covers(name, host),
            other => other.matches(name),
        };
        self.uris.iter().chain(&self.emails).any(|name| wanted.matches(name))
            || self.dns.iter().any(dns)
            || self.ips.iter().any(|ip| wanted.matches(&ip.to_string()))
    }

    /// Whether the certificate is for the host of a request: a DNS name of it, or the IP address that the host is.
    pub(super) fn is_for(&self, host: &str) -> bool {
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => self.ips.contains(&ip),
            Err(_) => self.dns.iter().any(|name| covers(name, host)),
        }
    }
}

/// Whether a DNS name of a certificate covers a host: case is ignored, and a leading `*.` stands for one label (RFC 6125 §6.4.3).
pub(super) fn covers(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    if pattern.eq_ignore_ascii_case(host) {
        return !host.is_empty();
    }
    let (Some(parent), Some((label, rest))) = (pattern.strip_prefix("*."), host.split_once('.')) else {
        return false;
    };
    // One label of the host may not be a whole public suffix: `*.com` covers nothing.
    !label.is_empty() && parent.contains('.') && parent.eq_ignore_ascii_case(rest)
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(bytes));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_one_label() {
        assert!(covers("*.example.com", "a.example.com") && covers("*.EXAMPLE.com", "A.example.COM"));
        assert!(covers("a.example.com", "a.example.com."));
        for host in ["example.com", "a.b.example.com", ".example.com", "a.example.org", ""] {
            assert!(!covers("*.example.com", host), "{host}");
        }
        assert!(
            !covers("*.com", "example.com")
                && !covers("*", "a")
                && !covers("a*.example.com", "ab.example.com")
        );
        assert!(!covers("", ""));
    }

    #[test]
    fn wanted_names_are_looked_for_among_all_types() {
        let names = Names {
            uris: vec!["spiffe://td/ns/a/sa/b".to_owned()],
            dns: vec!["*.example.com".to_owned()],
            emails: vec!["a@example.com".to_owned()],
            ips: vec![[10, 0, 0, 1].into()],
        };
        for wanted in ["spiffe://td/ns/a/sa/b", "x.example.com", "a@example.com", "10.0.0.1"] {
            assert!(names.matched_by(&StringMatch::Exact(wanted.to_owned())), "{wanted}");
        }
        assert!(names.matched_by(&StringMatch::Prefix("spiffe://td/".to_owned())));
        assert!(!names.matched_by(&StringMatch::Exact("spiffe://td/ns/a/sa/c".to_owned())));
        assert!(names.is_for("10.0.0.1") && names.is_for("b.example.com") && !names.is_for("10.0.0.2"));
    }

    #[test]
    fn an_svid_has_one_uri() {
        let uris = |uris: &[&str]| Names {
            uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
            ..Names::default()
        };
        assert_eq!(uris(&["spiffe://td/a"]).spiffe().map(String::as_str), Some("spiffe://td/a"));
        assert_eq!(uris(&["spiffe://td/a", "spiffe://td/b"]).spiffe(), None);
        assert_eq!(uris(&["https://td/a"]).spiffe(), None);
        assert_eq!(uris(&[]).spiffe(), None);
    }
}
