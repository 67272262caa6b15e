//! URLs of calls: `http`, `https`, `tcp`, `tls`.

/// A URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) scheme: Scheme,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Whether the URL states the port; only then it is part of the `Host` header.
    pub(crate) explicit_port: bool,
    /// Path with query, `/` at least.
    pub(crate) path: String,
}

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    Http,
    Https,
    Tcp,
    Tls,
}

impl Scheme {
    /// Whether the connection is encrypted.
    pub(crate) fn tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }
}

impl Url {
    /// Reads a URL; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("`{text}` has no scheme"))?;
        let (scheme, default) = match scheme {
            "http" => (Scheme::Http, Some(80)),
            "https" => (Scheme::Https, Some(443)),
            "tcp" => (Scheme::Tcp, None),
            "tls" => (Scheme::Tls, Some(443)),
            _ => return Err(format!("`{text}`: the scheme is neither http, https, tcp nor tls")),
        };
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) if rest[at..].starts_with('?') => (&rest[..at], format!("/{}", &rest[at..])),
            Some(at) => (&rest[..at], rest[at..].to_owned()),
            None => (rest, "/".to_owned()),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => {
                (host, Some(port.parse().map_err(|_| format!("`{text}`: `{port}` is not a port"))?))
            }
            None => (authority, None),
        };
        if host.is_empty() {
            return Err(format!("`{text}` names no host"));
        }
        let explicit_port = port.is_some();
        let port = port.or(default).ok_or_else(|| format!("`{text}` needs a port"))?;
        Ok(Self { scheme, host: host.to_owned(), port, explicit_port, path })
    }

    /// The value of the `Host` header.
    pub(crate) fn authority(&self) -> String {
        if self.explicit_port { format!("{}:{}", self.host, self.port) } else { self.host.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_and_a_stated_port_stays_in_the_authority() {
        let url = Url::parse("http://reviews:9080/reviews/0?x=1").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("reviews", 9080, "/reviews/0?x=1"));
        assert_eq!(url.authority(), "reviews:9080");
        let url = Url::parse("https://shop.example.com?a=b").unwrap();
        assert_eq!(
            (url.authority().as_str(), url.port, url.path.as_str()),
            ("shop.example.com", 443, "/?a=b")
        );
    }

    #[test]
    fn a_url_that_cannot_be_called_says_why() {
        for (text, word) in [
            ("reviews", "scheme"),
            ("ftp://x", "neither"),
            ("tcp://x", "port"),
            ("http://:80/", "host"),
            ("http://a:b", "`b`"),
        ] {
            let error = Url::parse(text).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
