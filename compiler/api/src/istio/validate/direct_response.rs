//! Fixed responses of a route.

use super::{status, string_match};
use crate::admission::{At, Report};
use crate::istio::{HttpBody, HttpDirectResponse};

/// From this size in bytes on a body is worth a warning.
const LARGE: usize = 100 * 1024;
/// Largest body, in bytes, that Istio takes.
const LARGEST: usize = 1024 * 1024;

/// A status, and a body that is not too large.
pub(super) fn check(at: &At<'_>, response: Option<&HttpDirectResponse>, report: &mut Report) {
    let Some(HttpDirectResponse { status, body }) = response else { return };
    status::check(&at.field("status"), i64::from(status.unwrap_or_default()), report);
    let Some(HttpBody { string, bytes }) = body else { return };
    let at = at.field("body");
    string_match::at_most_one(&at, [("string", string.is_some()), ("bytes", bytes.is_some())], report);
    let size = match (string, bytes) {
        (Some(text), _) => text.len(),
        (None, Some(base64)) => base64.trim_end_matches('=').len() * 3 / 4,
        (None, None) => 0,
    };
    if size > LARGEST {
        report.refuse(&at, format!("the body has {size} bytes, and Istio takes at most {LARGEST}"));
    } else if size > LARGE {
        report.warn(&at, format!("the body has {size} bytes, and every proxy that uses the route holds it"));
    }
}
