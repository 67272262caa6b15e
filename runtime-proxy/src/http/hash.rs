//! Hash policies: what of a request picks its endpoint.

use ::http::{HeaderMap, HeaderValue};
use meshc_contract::traffic::{HashPolicy, query_parameter};

use super::names::COOKIE;
use crate::connection::Connection;
use crate::upstream;

/// What hash policies found.
#[derive(Debug, Default)]
pub(super) struct Hashed {
    /// The hash; `None` where nothing was found.
    pub(super) hash: Option<u64>,
    /// A cookie that is set by the answer, because the request had none.
    pub(super) set_cookie: Option<HeaderValue>,
}

/// Hashes a request. Several policies are combined as Envoy does it: the hash so far is rotated by one bit and mixed in.
pub(super) fn hash(
    policies: &[HashPolicy],
    headers: &HeaderMap,
    path: &str,
    connection: &Connection,
    random: u64,
) -> Hashed {
    let mut hashed = Hashed::default();
    for policy in policies {
        let found = match policy {
            HashPolicy::Header(name) => header(headers, name),
            HashPolicy::Cookie { name, ttl, .. } => match (cookie(headers, name), ttl) {
                (Some(value), _) => Some(upstream::hash(value.as_bytes())),
                (None, None) => None,
                (None, Some(_)) => {
                    let value = format!("{random:016x}");
                    hashed.set_cookie = HeaderValue::from_str(&spelled(policy, &value)).ok();
                    Some(upstream::hash(value.as_bytes()))
                }
            },
            // Envoy hashes the address without its port.
            HashPolicy::SourceIp => Some(upstream::hash(connection.remote.ip().to_string().as_bytes())),
            HashPolicy::QueryParameter(name) => {
                query_parameter(path, name).map(|value| upstream::hash(value.as_bytes()))
            }
        };
        if let Some(found) = found {
            hashed.hash = Some(hashed.hash.map_or(found, |before| before.rotate_left(1) ^ found));
        }
    }
    hashed
}

/// Several values count as one whatever their order.
fn header(headers: &HeaderMap, name: &str) -> Option<u64> {
    let mut values: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    values.sort_unstable();
    (!values.is_empty()).then(|| upstream::hash(&values.concat()))
}

/// The value of a cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).find_map(|cookies| {
        cookies.split(';').find_map(|pair| {
            let (found, value) = pair.trim().split_once('=')?;
            (found == name).then(|| value.trim_matches('"'))
        })
    })
}

fn spelled(policy: &HashPolicy, value: &str) -> String {
    let HashPolicy::Cookie { name, ttl, path, attributes } = policy else { return String::new() };
    let mut text = format!("{name}=\"{value}\"");
    if let Some(ttl) = ttl.filter(|ttl| !ttl.is_zero()) {
        text.push_str(&format!("; Max-Age={}", ttl.as_secs()));
    }
    if let Some(path) = path.as_ref().filter(|path| !path.is_empty()) {
        text.push_str(&format!("; Path={path}"));
    }
    for (name, value) in attributes {
        text.push_str(&if value.is_empty() { format!("; {name}") } else { format!("; {name}={value}") });
    }
    text.push_str("; HttpOnly");
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", HeaderValue::from_static("a=1; user=\"x\""));
        headers.append("cookie", HeaderValue::from_static("b=2"));
        assert_eq!(cookie(&headers, "user"), Some("x"));
        assert_eq!(cookie(&headers, "b"), Some("2"));
        assert_eq!(cookie(&headers, "c"), None);
    }

    #[test]
    fn a_cookie_is_made_as_envoy_makes_it() {
        let policy = HashPolicy::Cookie {
            name: "user".to_owned(),
            ttl: Some(Duration::from_secs(60)),
            path: Some("/".to_owned()),
            attributes: vec![("SameSite".to_owned(), "Lax".to_owned())],
        };
        assert_eq!(spelled(&policy, "1f"), "user=\"1f\"; Max-Age=60; Path=/; SameSite=Lax; HttpOnly");
    }
}
