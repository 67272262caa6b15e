//! Cross-origin resource sharing.

use ::http::{HeaderMap, HeaderValue, StatusCode};
use meshc_contract::traffic::Cors;

use super::local_reply::LocalReply;
use super::names::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN,
};
use super::read::{Head, View};

/// The origin of a request that may read the answer.
pub(super) fn allowed_origin(cors: &Cors, head: &Head) -> Option<HeaderValue> {
    let origin = head.parts.headers.get(ORIGIN)?;
    cors.allows(origin.to_str().ok()?).then(|| origin.clone())
}

/// The answer to a preflight, where the proxy gives it itself.
pub(super) fn preflight(cors: &Cors, head: &Head) -> Option<LocalReply> {
    if !cors.answers(&View(head)) {
        return None;
    }
    let mut reply = LocalReply::new(StatusCode::OK, "cors_response", "");
    let Some(origin) = allowed_origin(cors, head) else { return Some(reply) };
    let Cors { allow_methods, allow_headers, max_age, .. } = cors;
    let headers = &mut reply.headers;
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    credentials(cors, headers);
    list(headers, ACCESS_CONTROL_ALLOW_METHODS, allow_methods);
    list(headers, ACCESS_CONTROL_ALLOW_HEADERS, allow_headers);
    if let Some(age) = max_age {
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(age.as_secs()));
    }
    Some(reply)
}

/// Tells a browser that the origin may read the answer.
pub(super) fn expose(cors: &Cors, origin: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    credentials(cors, headers);
    list(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose_headers);
}

fn credentials(cors: &Cors, headers: &mut HeaderMap) {
    if cors.allow_credentials == Some(true) {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

fn list(headers: &mut HeaderMap, name: ::http::HeaderName, values: &[String]) {
    if !values.is_empty()
        && let Ok(value) = HeaderValue::from_str(&values.join(","))
    {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ::http::{Method, Request};
    use meshc_contract::traffic::StringMatch;

    use super::*;

    fn cors() -> Cors {
        Cors {
            allow_origins: vec![StringMatch::Exact("https://a".to_owned())],
            allow_methods: vec!["GET".to_owned(), "PUT".to_owned()],
            allow_headers: vec!["x".to_owned()],
            expose_headers: vec!["y".to_owned()],
            max_age: Some(Duration::from_secs(60)),
            allow_credentials: Some(true),
            forward_not_matching_preflights: true,
        }
    }

    fn preflight_of(origin: &'static str) -> Head {
        let mut request = Request::new(());
        *request.method_mut() = Method::OPTIONS;
        request.headers_mut().insert("origin", HeaderValue::from_static(origin));
        request.headers_mut().insert("access-control-request-method", HeaderValue::from_static("PUT"));
        Head { parts: request.into_parts().0, authority: HeaderValue::from_static("a"), scheme: "http" }
    }

    #[test]
    fn a_preflight_of_an_allowed_origin_is_answered() {
        let reply = preflight(&cors(), &preflight_of("https://a")).unwrap();
        assert_eq!(reply.headers["access-control-allow-origin"], "https://a");
        assert_eq!(reply.headers["access-control-allow-methods"], "GET,PUT");
        assert_eq!(reply.headers["access-control-max-age"], "60");
        assert!(preflight(&cors(), &preflight_of("https://b")).is_none());
        let closed = Cors { forward_not_matching_preflights: false, ..cors() };
        assert!(preflight(&closed, &preflight_of("https://b")).unwrap().headers.is_empty());
    }

    #[test]
    fn an_answer_says_who_may_read_it() {
        let mut headers = HeaderMap::new();
        expose(&cors(), allowed_origin(&cors(), &preflight_of("https://a")).unwrap(), &mut headers);
        assert_eq!(headers["access-control-expose-headers"], "y");
        assert_eq!(headers["access-control-allow-credentials"], "true");
    }
}
