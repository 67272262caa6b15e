//! Persistent sessions.

use std::collections::BTreeMap;

use meshc_plan::StatefulSession;

use super::xds::{self, Any};

/// The filter, which a route or a virtual host turns on.
pub(super) const NAME: &str = "envoy.filters.http.stateful_session";

/// The filter without sessions of its own.
pub(super) fn filter() -> Any {
    Any::StatefulSession(xds::StatefulSession { session_state: None })
}

/// What a route or a virtual host says to the filter.
pub(super) fn per_filter_config(session: Option<&StatefulSession>) -> BTreeMap<&'static str, Any> {
    session.map(|session| (NAME, per_route(session))).into_iter().collect()
}

fn per_route(session: &StatefulSession) -> Any {
    let session = xds::StatefulSession { session_state: Some(state(session)) };
    Any::StatefulSessionPerRoute(xds::StatefulSessionPerRoute { stateful_session: Some(session) })
}

/// The cookie has no lifetime: it ends with the browser, as istiod has it.
fn state(session: &StatefulSession) -> xds::Extension {
    let (name, config) = match session {
        StatefulSession::Cookie { name, path } => {
            let cookie = xds::HttpCookie { name: name.clone(), path: path.clone() };
            let state = xds::CookieBasedSessionState { cookie: Some(cookie) };
            ("envoy.http.stateful_session.cookie", Any::CookieBasedSessionState(state))
        }
        StatefulSession::Header { name } => {
            let state = xds::HeaderBasedSessionState { name: name.clone() };
            ("envoy.http.stateful_session.header", Any::HeaderBasedSessionState(state))
        }
    };
    xds::Extension::new(name, config)
}

#[cfg(test)]
mod tests {
    use meshc_plan::StatefulSession;
    use serde_json::json;

    #[test]
    fn a_route_overrides_the_filter_with_a_cookie_or_a_header() {
        let header = StatefulSession::Header { name: "x-session".to_owned() };
        let header = serde_json::to_value(super::per_filter_config(Some(&header))).unwrap();
        let state = |value: &serde_json::Value| value[super::NAME]["statefulSession"]["sessionState"].clone();
        assert_eq!(state(&header)["name"], json!("envoy.http.stateful_session.header"));
        assert_eq!(state(&header)["typedConfig"]["name"], json!("x-session"));
        let cookie = StatefulSession::Cookie { name: "sid".to_owned(), path: "/cart".to_owned() };
        let cookie = serde_json::to_value(super::per_filter_config(Some(&cookie))).unwrap();
        assert_eq!(state(&cookie)["typedConfig"]["cookie"], json!({"name": "sid", "path": "/cart"}));
        assert!(super::per_filter_config(None).is_empty());
    }
}
