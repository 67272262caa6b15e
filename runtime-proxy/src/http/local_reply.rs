//! Answers that the proxy gives itself, with Envoy's texts.

use std::borrow::Cow;

use ::http::{HeaderMap, HeaderValue, Response, StatusCode};
use bytes::Bytes;

use super::names::{CONTENT_TYPE, GRPC_MESSAGE, GRPC_STATUS};
use crate::telemetry::Flags;

/// An answer of the proxy itself.
#[derive(Debug)]
pub(super) struct LocalReply {
    /// Status.
    pub(super) status: StatusCode,
    /// Text of the body.
    pub(super) body: Cow<'static, str>,
    /// Envoy's `response_code_details`.
    pub(super) details: Cow<'static, str>,
    /// What went wrong.
    pub(super) flags: Flags,
    /// gRPC status where the one that follows from the HTTP status is not meant.
    pub(super) grpc: Option<u16>,
    /// Further headers.
    pub(super) headers: HeaderMap,
    /// Whether the connection ends with it.
    pub(super) close: bool,
}

impl LocalReply {
    /// An answer without anything special.
    pub(super) fn new(
        status: StatusCode,
        details: impl Into<Cow<'static, str>>,
        body: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            body: body.into(),
            details: details.into(),
            flags: Flags::NONE,
            grpc: None,
            headers: HeaderMap::new(),
            close: false,
        }
    }

    /// A request that is refused because of what it is: 400, and the connection ends.
    pub(super) fn refuse(details: &'static str) -> Self {
        let flags = Flags::DOWNSTREAM_PROTOCOL_ERROR;
        Self { flags, close: true, ..Self::new(StatusCode::BAD_REQUEST, details, "") }
    }

    /// The same with flags.
    #[must_use]
    pub(super) fn flagged(self, flags: Flags) -> Self {
        Self { flags: self.flags | flags, ..self }
    }

    /// Head and body of the answer. A gRPC client is answered with 200 and its status in headers.
    pub(super) fn response(self, grpc_client: bool) -> Response<Bytes> {
        let Self { status, body, details: _, flags: _, grpc, headers, close: _ } = self;
        let mut response = Response::new(Bytes::new());
        *response.headers_mut() = headers;
        if grpc_client {
            let number = grpc.unwrap_or_else(|| grpc_status(status));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            response.headers_mut().insert(GRPC_STATUS, HeaderValue::from(number));
            if !body.is_empty()
                && let Ok(message) = HeaderValue::from_str(&percent_encoded(&body))
            {
                response.headers_mut().insert(GRPC_MESSAGE, message);
            }
            return response;
        }
        *response.status_mut() = status;
        if !body.is_empty() {
            response.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain"));
            *response.body_mut() = match body {
                Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
                Cow::Owned(text) => text.into(),
            };
        }
        response
    }
}

/// The gRPC status of an HTTP status (Envoy's `Grpc::Utility::httpToGrpcStatus`).
pub(super) fn grpc_status(status: StatusCode) -> u16 {
    match status.as_u16() {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}

/// The HTTP status that stands for a gRPC status, for outlier detection (Envoy's `Grpc::Utility::grpcToHttpStatus`).
pub(super) fn http_status(grpc: u16) -> u16 {
    match grpc {
        0 => 200,
        1 => 499,
        3 | 9 | 11 => 400,
        4 => 504,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        12 => 501,
        14 => 503,
        16 => 401,
        _ => 500,
    }
}

/// A gRPC message: what is not printable ASCII, and the per cent sign, is escaped (gRPC over HTTP/2, `Percent-Encoded`).
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if (b' '..=b'~').contains(&byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Whether a request is gRPC, by its content type.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .strip_prefix(b"application/grpc")
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grpc_client_reads_its_status_in_the_headers() {
        for (status, grpc) in [(400, 13), (401, 16), (403, 7), (404, 12), (429, 14), (503, 14), (500, 2)] {
            let status = StatusCode::from_u16(status).unwrap();
            let response = LocalReply::new(status, "x", "a%\u{e9}").response(true);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()["grpc-status"], grpc.to_string().as_str());
            assert_eq!(response.headers()["grpc-message"], "a%25%C3%A9");
            assert!(response.body().is_empty());
        }
    }

    #[test]
    fn another_client_reads_text() {
        let response = LocalReply::new(StatusCode::FORBIDDEN, "x", "RBAC: access denied").response(false);
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.headers()["content-type"], "text/plain");
        assert_eq!(response.body().as_ref(), b"RBAC: access denied");
    }

    #[test]
    fn grpc_is_told_by_the_content_type() {
        let with = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static(text));
            is_grpc(&headers)
        };
        assert!(with("application/grpc") && with("application/grpc+proto"));
        assert!(!with("application/grpc-web") && !with("application/json"));
    }
}
