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
