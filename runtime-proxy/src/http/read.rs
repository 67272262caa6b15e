//! Reading a request: what it asks for, and whether it may be asked so (Envoy's connection manager before any filter).

use std::borrow::Cow;

use ::http::uri::PathAndQuery;
use ::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, request::Parts};
use meshc_contract::proxy::HeadersWithUnderscores;
use meshc_contract::traffic::path_normalization::{PathDecision, PathRules, normalise};
use meshc_contract::traffic::{HeaderValues, Request};

use super::local_reply::LocalReply;
use super::names::{CONTENT_LENGTH, HOST, LOCATION, TRANSFER_ENCODING};

/// Most headers of a request.
const MOST_HEADERS: usize = 100;

/// A request as it was read.
#[derive(Debug)]
pub(super) struct Head {
    /// Method, target, version, headers. The target is a path.
    pub(super) parts: Parts,
    /// Host with its port, as the client wrote it, but in lower case.
    pub(super) authority: HeaderValue,
    /// `http` or `https`, as trusted headers tell it.
    pub(super) scheme: &'static str,
}

/// What matchers look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'r>(pub(super) &'r Head);

impl Head {
    /// Path with its query.
    pub(super) fn path(&self) -> &str {
        self.parts.uri.path_and_query().map_or("/", PathAndQuery::as_str)
    }

    /// Host with its port.
    pub(super) fn authority(&self) -> &str {
        self.authority.to_str().unwrap_or_default()
    }

    /// Replaces the path with its query; what is no path changes nothing.
    pub(super) fn set_path(&mut self, path: String) {
        if let Ok(path) = PathAndQuery::from_maybe_shared(bytes::Bytes::from(path)) {
            self.parts.uri = Uri::from(path);
        }
    }
}

impl Request for View<'_> {
    fn method(&self) -> &str {
        self.0.parts.method.as_str()
    }

    fn path(&self) -> &str {
        self.0.path()
    }

    fn header(&self, name: &str) -> HeaderValues<'_> {
        if name.starts_with(':') || name.eq_ignore_ascii_case("host") {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            let value = match name {
                _ if is(":method") => self.method(),
                _ if is(":path") => self.path(),
                _ if is(":scheme") => self.0.scheme,
                _ if is(":authority") || is("host") => self.0.authority(),
                _ => return HeaderValues::Missing,
            };
            return HeaderValues::One(Cow::Borrowed(value));
        }
        self.0.parts.headers.get_all(name).iter().map(text).collect()
    }
}

fn text(value: &HeaderValue) -> Cow<'_, str> {
    match value.to_str() {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(value.as_bytes()),
    }
}

/// How requests are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Paths.
    pub(super) path: PathRules,
    /// Headers with underscores.
    pub(super) underscores: HeadersWithUnderscores,
    /// Whether HTTP/1.0 is taken.
    pub(super) accept_http_10: bool,
}

/// Reads a request, or says how it is answered.
pub(super) fn read(mut parts: Parts, rules: Rules) -> Result<Box<Head>, Box<LocalReply>> {
    if parts.version < Version::HTTP_11 && !rules.accept_http_10 {
        let reply = LocalReply::new(StatusCode::UPGRADE_REQUIRED, "low_version", "");
        return Err(LocalReply { close: true, ..reply }.into());
    }
    if parts.headers.len() > MOST_HEADERS {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        let reply = LocalReply::new(status, "request_headers_too_large", "");
        return Err(LocalReply { close: true, ..reply }.into());
    }
    if parts.method == Method::CONNECT {
        // Tunnels are no route of Istio's: Envoy answers so where no upgrade of that name is allowed.
        let reply = LocalReply::new(StatusCode::FORBIDDEN, "upgrade_failed", "");
        return Err(LocalReply { close: true, ..reply }.into());
    }
    if parts.version < Version::HTTP_2
        && parts.headers.contains_key(CONTENT_LENGTH)
        && parts.headers.contains_key(TRANSFER_ENCODING)
    {
        return Err(LocalReply::refuse("http1.content_length_and_chunked_not_allowed").into());
    }
    underscores(&mut parts.headers, rules.underscores)?;
    let authority = authority(&parts)?;
    if parts.version >= Version::HTTP_2 {
        parts.headers.remove(HOST);
    }
    path(&mut parts, rules.path)?;
    Ok(Box::new(Head { parts, authority, scheme: "http" }))
}

fn underscores(headers: &mut HeaderMap, rule: HeadersWithUnderscores) -> Result<(), Box<LocalReply>> {
    if rule == HeadersWithUnderscores::Allow {
        return Ok(());
    }
    let with: Vec<_> = headers.keys().filter(|name| name.as_str().contains('_')).cloned().collect();
    if rule == HeadersWithUnderscores::RejectRequest && !with.is_empty() {
        return Err(LocalReply::refuse("http.unexpected_underscore").into());
    }
    for name in with {
        headers.remove(name);
    }
    Ok(())
}

/// The host that is asked: that of the target where it has one, which `Host` must not contradict (RFC 9112 §3.2.2, RFC 9113
/// §8.3.1).
fn authority(parts: &Parts) -> Result<HeaderValue, Box<LocalReply>> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Err(LocalReply::refuse("http1.duplicate_host_header").into());
    }
    let target = parts.uri.authority().map(::http::uri::Authority::as_str);
    let scheme = parts.uri.scheme_str();
    if (target.is_some() && scheme.is_none())
        || scheme.is_some_and(|scheme| !matches!(scheme, "http" | "https"))
    {
        // A bare host is for CONNECT, and other schemes are for other proxies.
        return Err(LocalReply::refuse("invalid_target").into());
    }
    let found = match (target, host) {
        (Some(target), Some(host)) if !host.as_bytes().eq_ignore_ascii_case(target.as_bytes()) => {
            return Err(LocalReply::refuse("authority_and_host_differ").into());
        }
        (Some(target), _) => {
            HeaderValue::from_str(target).map_err(|_| LocalReply::refuse("invalid_authority"))?
        }
        (None, Some(host)) => host.clone(),
        (None, None) if parts.version < Version::HTTP_11 => HeaderValue::from_static(""),
        (None, None) => return Err(LocalReply::refuse("missing_host_header").into()),
    };
    let may_stand = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(byte);
    if !found.as_bytes().iter().all(may_stand) || (found.is_empty() && parts.version >= Version::HTTP_11) {
        return Err(LocalReply::refuse("invalid_authority").into());
    }
    if found.as_bytes().iter().any(u8::is_ascii_uppercase) {
        let lower = found.as_bytes().to_ascii_lowercase();
        return HeaderValue::from_bytes(&lower).map_err(|_| LocalReply::refuse("invalid_authority").into());
    }
    Ok(found)
}

/// Brings the path into the form that routes and policies look at, and that is forwarded.
fn path(parts: &mut Parts, rules: PathRules) -> Result<(), Box<LocalReply>> {
    if parts.uri.authority().is_some() || parts.uri.scheme().is_some() {
        let path = parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        parts.uri = Uri::from(path);
    }
    let text = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    if text == "*" && parts.method == Method::OPTIONS {
        return Ok(());
    }
    let before_query = text.split('?').next().unwrap_or(text);
    if !before_query.starts_with('/') {
        return Err(LocalReply::refuse("path_normalization_failed").into());
    }
    if is_plain(before_query) {
        return Ok(());
    }
    if before_query.contains("%00") {
        return Err(LocalReply::refuse("path_normalization_failed").into());
    }
    match normalise(rules, text) {
        PathDecision::Use(path) if path == text => Ok(()),
        PathDecision::Use(path) => {
            let path = PathAndQuery::try_from(path);
            parts.uri = Uri::from(path.map_err(|_| LocalReply::refuse("path_normalization_failed"))?);
            Ok(())
        }
        PathDecision::Refuse => Err(LocalReply::refuse("path_normalization_failed").into()),
        PathDecision::Redirect(path) => {
            let reply = LocalReply::new(StatusCode::TEMPORARY_REDIRECT, "path_normalized_redirect", "");
            let location =
                HeaderValue::from_str(&path).map_err(|_| LocalReply::refuse("path_normalization_failed"))?;
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, location);
            Err(LocalReply { headers, ..reply }.into())
        }
    }
}

/// Whether no normalisation changes a path: it has no escapes, no backslash, no dot behind a slash, no two slashes.
fn is_plain(path: &str) -> bool {
    let mut after_slash = false;
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' if after_slash => return false,
            b'/' => after_slash = true,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => after_slash = false,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
