//! A request as a proxy sees it once its connection manager has read it.

use std::borrow::Cow;
use std::net::IpAddr;

use meshc_contract::traffic::path_normalization::{self, PathDecision, without_query};
use meshc_plan::{ForwardClientCert, HeaderValues, HeadersWithUnderscores, HttpConnection, Request, Target};

use crate::call::{Call, CallTls};
use crate::network::Connection;
use crate::tls::Transport;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Method.
    pub method: String,
    /// `http` or `https`, as trusted headers or the connection tell.
    pub scheme: String,
    /// `:authority`; empty if there is none.
    pub authority: String,
    /// Path with its query, normalised as the connection wants it.
    pub path: String,
    /// Other headers, names in lower case, in order.
    pub headers: Vec<(String, String)>,
}

/// What reading a request leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It is routed.
    Routed(HttpRequest),
    /// The client is sent to the path with plain slashes.
    RedirectedToPlainPath(HttpRequest),
    /// It is refused.
    Refused,
}

impl HttpRequest {
    /// The request of a call as the client sends it.
    pub(crate) fn sent(call: &Call) -> Self {
        Self {
            method: call.method.clone(),
            scheme: if call.tls == CallTls::Plaintext { "http" } else { "https" }.to_owned(),
            authority: call.host.clone().unwrap_or_default(),
            path: call.path.clone(),
            headers: call
                .headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .collect(),
        }
    }

    /// Reads the request of a call.
    pub(crate) fn read(http: &HttpConnection, connection: Connection<'_>) -> Reading {
        let call = connection.call;
        let mut headers: Vec<(String, String)> =
            call.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        match http.limits.headers_with_underscores {
            None | Some(HeadersWithUnderscores::Allow) => {}
            Some(HeadersWithUnderscores::DropHeader) => headers.retain(|(name, _)| !name.contains('_')),
            Some(HeadersWithUnderscores::RejectRequest) => {
                if headers.iter().any(|(name, _)| name.contains('_')) {
                    return Reading::Refused;
                }
            }
        }
        let scheme = scheme(http, connection, &headers);
        headers.retain(|(name, _)| name != "x-forwarded-proto");
        headers.push(("x-forwarded-proto".to_owned(), scheme.clone()));
        forward_client_cert(http, connection, &mut headers);
        if let Some(source) = call.source.filter(|_| http.use_remote_address) {
            headers.push(("x-forwarded-for".to_owned(), source.to_string()));
        }
        let request = |path: String| Self {
            method: call.method.clone(),
            scheme,
            authority: call.host.clone().unwrap_or_default(),
            path,
            headers,
        };
        match path_normalization::normalise(http.path_rules(), &call.path) {
            PathDecision::Use(path) => Reading::Routed(request(path)),
            PathDecision::Redirect(path) => Reading::RedirectedToPlainPath(request(path)),
            PathDecision::Refuse => Reading::Refused,
        }
    }

    /// All values of a header, joined by commas, as Envoy compares them; pseudo headers too.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        Request::header(self, name).joined().map(Cow::into_owned)
    }

    /// The path without query and fragment, which routes and policies look at.
    pub(crate) fn path_only(&self) -> &str {
        without_query(&self.path)
    }

    /// What it asks for, for answers that send the client elsewhere.
    pub(crate) fn target(&self) -> Target<'_> {
        Target { scheme: &self.scheme, authority: &self.authority, path: &self.path }
    }
}

impl Request for HttpRequest {
    fn method(&self) -> &str {
        &self.method
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn header(&self, name: &str) -> HeaderValues<'_> {
        let name = name.to_ascii_lowercase();
        let of = |value| HeaderValues::One(Cow::Borrowed(value));
        match name.as_str() {
            ":method" => of(&self.method),
            ":path" => of(&self.path),
            ":scheme" => of(&self.scheme),
            ":authority" | "host" if self.authority.is_empty() => HeaderValues::Missing,
            ":authority" | "host" => of(&self.authority),
            _ => {
                let of_name = |(header, _): &&(String, String)| *header == name;
                self.headers.iter().filter(of_name).map(|(_, value)| value.as_str()).collect()
            }
        }
    }
}

/// What becomes of `x-forwarded-client-cert`. Of what a proxy writes about a client, only the identity is known here.
fn forward_client_cert(
    http: &HttpConnection,
    connection: Connection<'_>,
    headers: &mut Vec<(String, String)>,
) {
    const NAME: &str = "x-forwarded-client-cert";
    let mutual = connection.transport == Transport::Terminated { mutual: true };
    let action = http.forward_client_cert.unwrap_or(ForwardClientCert::Sanitize);
    let keeps = match action {
        ForwardClientCert::AlwaysForwardOnly => true,
        ForwardClientCert::ForwardOnly | ForwardClientCert::AppendForward => mutual,
        ForwardClientCert::Sanitize | ForwardClientCert::SanitizeSet => false,
    };
    if !keeps {
        headers.retain(|(name, _)| name != NAME);
    }
    let writes =
        matches!(action, ForwardClientCert::AppendForward | ForwardClientCert::SanitizeSet) && mutual;
    let wants = http.client_cert_details.is_some_and(|details| details.uri);
    if let Some(identity) = connection.call.identity.as_ref().filter(|_| writes && wants) {
        headers.push((NAME.to_owned(), format!("URI={identity}")));
    }
}

/// The scheme that routes insist on. A proxy that trusts those in front of it believes `x-forwarded-proto`; one that is the
/// edge of the mesh writes it.
fn scheme(http: &HttpConnection, connection: Connection<'_>, headers: &[(String, String)]) -> String {
    let believes = !http.use_remote_address || http.trusted_hops > 0;
    let stated = headers.iter().find(|(name, _)| name == "x-forwarded-proto").map(|(_, value)| value.clone());
    let own = if matches!(connection.transport, Transport::Terminated { .. }) { "https" } else { "http" };
    stated.filter(|_| believes).unwrap_or_else(|| own.to_owned())
}

/// The address of the client as trusted headers tell it.
pub(crate) fn remote_address(http: &HttpConnection, call: &Call) -> Option<IpAddr> {
    let values = call.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-for"));
    let hops: Vec<&str> = values.flat_map(|(_, value)| value.split(',')).map(str::trim).collect();
    let from_right = match (http.use_remote_address, http.trusted_hops) {
        (true, 0) => return call.source,
        // The address of the connection counts as the last hop.
        (true, trusted) => trusted - 1,
        (false, trusted) => trusted,
    };
    let from_right = usize::try_from(from_right).unwrap_or(usize::MAX);
    hops.iter().rev().nth(from_right).and_then(|hop| hop.parse().ok()).or(call.source)
}
