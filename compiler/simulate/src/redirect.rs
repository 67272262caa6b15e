//! Where redirects lead.

use meshc_plan::{PathMatch, Redirect, RedirectPath};

use crate::forward::replace_matched;
use crate::request::HttpRequest;

/// `location` of a redirect. What is not stated stays; the query stays unless the new path has one of its own.
pub(crate) fn location(redirect: &Redirect, matched: &PathMatch, request: &HttpRequest) -> String {
    let Redirect { host, path, scheme, port, code: _ } = redirect;
    let scheme = scheme.as_deref().unwrap_or(&request.scheme);
    let host = match host.as_deref().filter(|host| !host.is_empty()) {
        Some(host) => host,
        None => request_host(request, scheme, port.is_some()),
    };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let query = request.path.find('?').map_or("", |at| &request.path[at..]);
    let path = match path {
        None => request.path.clone(),
        Some(RedirectPath::Full(path)) if path.contains('?') => path.clone(),
        Some(RedirectPath::Full(path)) => format!("{path}{query}"),
        Some(RedirectPath::Prefix(prefix)) => {
            format!("{}{query}", replace_matched(matched, prefix, request.path_only()))
        }
    };
    format!("{scheme}://{host}{port}{path}")
}

/// `location` of a virtual host that insists on TLS.
pub(crate) fn to_https(request: &HttpRequest) -> String {
    format!("https://{}{}", request.authority, request.path)
}

/// The host of the request. Its port goes when another one is stated, or when it is the usual one of the old scheme.
fn request_host<'r>(request: &'r HttpRequest, scheme: &str, new_port: bool) -> &'r str {
    let authority = request.authority.as_str();
    let host = crate::virtual_host::without_port(authority);
    let port = &authority[host.len()..];
    let usual = match request.scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return authority,
    };
    let drops = new_port || (scheme != request.scheme && port == usual);
    if drops { host } else { authority }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(authority: &str, path: &str) -> HttpRequest {
        HttpRequest { authority: authority.to_owned(), path: path.to_owned(), ..HttpRequest::empty() }
    }

    const NOTHING: Redirect = Redirect { host: None, path: None, scheme: None, port: None, code: 301 };

    #[test]
    fn what_is_not_stated_stays() {
        let any = PathMatch::Prefix("/".to_owned());
        let at = |redirect: &Redirect| location(redirect, &any, &request("a.example:80", "/x?q=1"));
        let https = Redirect { scheme: Some("https".to_owned()), ..NOTHING };
        assert_eq!(at(&https), "https://a.example/x?q=1");
        assert_eq!(at(&Redirect { port: Some(8080), ..NOTHING }), "http://a.example:8080/x?q=1");
        assert_eq!(at(&Redirect { host: Some("b".to_owned()), ..NOTHING }), "http://b/x?q=1");
        let other = location(&https, &any, &request("a.example:8080", "/"));
        assert_eq!(other, "https://a.example:8080/");
    }

    #[test]
    fn a_new_path_keeps_the_query_unless_it_has_one() {
        let any = PathMatch::Prefix("/old".to_owned());
        let at =
            |path| location(&Redirect { path: Some(path), ..NOTHING }, &any, &request("a", "/old/x?q=1"));
        assert_eq!(at(RedirectPath::Full("/new".to_owned())), "http://a/new?q=1");
        assert_eq!(at(RedirectPath::Full("/new?r=2".to_owned())), "http://a/new?r=2");
        assert_eq!(at(RedirectPath::Prefix("/new".to_owned())), "http://a/new/x?q=1");
    }
}
