//! Redirects and direct responses.

use meshc_plan::{DirectResponse, Redirect, RedirectPath};

use super::xds::{self, RedirectResponseCode};

/// Sends the client elsewhere.
pub(super) fn redirect(redirect: &Redirect) -> xds::RedirectAction {
    let Redirect { host, path, scheme, port, code } = redirect;
    let (path_redirect, prefix_rewrite) = match path {
        None => (None, None),
        Some(RedirectPath::Full(path)) => (Some(path.clone()), None),
        Some(RedirectPath::Prefix(prefix)) => (None, Some(prefix.clone())),
    };
    xds::RedirectAction {
        scheme_redirect: scheme.clone(),
        host_redirect: host.clone().unwrap_or_default(),
        port_redirect: port.unwrap_or_default(),
        path_redirect,
        prefix_rewrite,
        response_code: match code {
            302 => Some(RedirectResponseCode::Found),
            303 => Some(RedirectResponseCode::SeeOther),
            307 => Some(RedirectResponseCode::TemporaryRedirect),
            308 => Some(RedirectResponseCode::PermanentRedirect),
            _ => None,
        },
    }
}

/// The proxy answers itself.
pub(super) fn direct_response(response: &DirectResponse) -> xds::DirectResponseAction {
    let DirectResponse { status, body, body_bytes } = response;
    let bytes =
        |bytes: &String| xds::DataSource { inline_bytes: Some(bytes.clone()), ..xds::DataSource::default() };
    let body = body.clone().map(xds::DataSource::text).or_else(|| body_bytes.as_ref().map(bytes));
    xds::DirectResponseAction { status: *status, body }
}

#[cfg(test)]
mod tests {
    use meshc_plan::{DirectResponse, Redirect, RedirectPath};
    use serde_json::json;

    #[test]
    fn a_redirect_states_what_changes() {
        let target = Redirect {
            host: Some("new.example".into()),
            path: Some(RedirectPath::Prefix("/new".into())),
            scheme: Some("https".into()),
            port: Some(8443),
            code: 308,
        };
        let expected = json!({
            "schemeRedirect": "https", "hostRedirect": "new.example", "portRedirect": 8443, "prefixRewrite": "/new",
            "responseCode": "PERMANENT_REDIRECT",
        });
        assert_eq!(serde_json::to_value(super::redirect(&target)).unwrap(), expected);
        let moved = Redirect {
            host: None,
            path: Some(RedirectPath::Full(String::new())),
            scheme: None,
            port: None,
            code: 301,
        };
        assert_eq!(serde_json::to_value(super::redirect(&moved)).unwrap(), json!({"pathRedirect": ""}));
    }

    #[test]
    fn an_answer_may_be_text_bytes_or_nothing() {
        let answer = |body: Option<&str>, bytes: Option<&str>| {
            let response =
                DirectResponse { status: 418, body: body.map(Into::into), body_bytes: bytes.map(Into::into) };
            serde_json::to_value(super::direct_response(&response)).unwrap()
        };
        assert_eq!(answer(Some(""), None), json!({"status": 418, "body": {"inlineString": ""}}));
        assert_eq!(answer(None, Some("/w==")), json!({"status": 418, "body": {"inlineBytes": "/w=="}}));
        assert_eq!(answer(None, None), json!({"status": 418}));
    }
}
