//! Redirects and direct responses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PathMatch;
use super::host::without_port;
use super::path_normalization::without_query;

/// Sends the client elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Redirect {
    /// New host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// New path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RedirectPath>,
    /// New scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// New port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
    /// HTTP status: 301, 302, 303, 307 or 308.
    pub code: u16,
}

/// How the path changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RedirectPath {
    /// Replaced as a whole.
    Full(String),
    /// The matched prefix is replaced.
    Prefix(String),
}

/// The proxy answers itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectResponse {
    /// HTTP status.
    pub status: u32,
    /// Body as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Body as base64 text, if it is not valid text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<String>,
}

impl Redirect {
    /// `location` of the answer. What is not stated stays; the query stays unless the new path has one of its own.
    #[must_use]
    pub fn location(&self, matched: &PathMatch, target: Target<'_>) -> String {
        let Self { host, path, scheme, port, code: _ } = self;
        let scheme = scheme.as_deref().unwrap_or(target.scheme);
        let host = match host.as_deref().filter(|host| !host.is_empty()) {
            Some(host) => host,
            None => target.host(scheme, port.is_some()),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let query = target.path.find('?').map_or("", |at| &target.path[at..]);
        let path = match path {
            None => target.path.to_owned(),
            Some(RedirectPath::Full(path)) if path.contains('?') => path.clone(),
            Some(RedirectPath::Full(path)) => format!("{path}{query}"),
            Some(RedirectPath::Prefix(prefix)) => {
                format!("{}{query}", matched.replace(prefix, without_query(target.path)))
            }
        };
        format!("{scheme}://{host}{port}{path}")
    }
}

/// What a request asked for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'r> {
    /// `http` or `https`.
    pub scheme: &'r str,
    /// Host with its port, as the client wrote it.
    pub authority: &'r str,
    /// Path with its query.
    pub path: &'r str,
}

impl<'r> Target<'r> {
    /// `location` of a virtual host that insists on TLS.
    #[must_use]
    pub fn over_tls(self) -> String {
        format!("https://{}{}", self.authority, self.path)
    }

    /// The host of the request. Its port goes when another one is stated, or when it is the usual one of the old scheme.
    fn host(self, scheme: &str, new_port: bool) -> &'r str {
        let host = without_port(self.authority);
        let port = &self.authority[host.len()..];
        let usual = match self.scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return self.authority,
        };
        let drops = new_port || (scheme != self.scheme && port == usual);
        if drops { host } else { self.authority }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn target<'r>(authority: &'r str, path: &'r str) -> Target<'r> {
        Target { scheme: "http", authority, path }
    }

    const NOTHING: Redirect = Redirect { host: None, path: None, scheme: None, port: None, code: 301 };

    #[test]
    fn what_is_not_stated_stays() {
        let any = PathMatch::Prefix("/".to_owned());
        let at = |redirect: &Redirect| redirect.location(&any, target("a.example:80", "/x?q=1"));
        let https = Redirect { scheme: Some("https".to_owned()), ..NOTHING };
        assert_eq!(at(&https), "https://a.example/x?q=1");
        assert_eq!(at(&Redirect { port: Some(8080), ..NOTHING }), "http://a.example:8080/x?q=1");
        assert_eq!(at(&Redirect { host: Some("b".to_owned()), ..NOTHING }), "http://b/x?q=1");
        assert_eq!(https.location(&any, target("a.example:8080", "/")), "https://a.example:8080/");
    }

    #[test]
    fn a_new_path_keeps_the_query_unless_it_has_one() {
        let any = PathMatch::Prefix("/old".to_owned());
        let at = |path| Redirect { path: Some(path), ..NOTHING }.location(&any, target("a", "/old/x?q=1"));
        assert_eq!(at(RedirectPath::Full("/new".to_owned())), "http://a/new?q=1");
        assert_eq!(at(RedirectPath::Full("/new?r=2".to_owned())), "http://a/new?r=2");
        assert_eq!(at(RedirectPath::Prefix("/new".to_owned())), "http://a/new/x?q=1");
    }
}
