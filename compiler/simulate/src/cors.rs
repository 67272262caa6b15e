//! CORS preflights.

use meshc_plan::Cors;

use crate::request::HttpRequest;
use crate::text;

/// Whether the proxy answers a request as a preflight: one of an origin that is allowed, or any preflight where those of other
/// origins are not forwarded.
pub(crate) fn answers(cors: &Cors, request: &HttpRequest) -> bool {
    let Some(origin) = request.header("origin") else { return false };
    let preflight = request.method == "OPTIONS" && request.header("access-control-request-method").is_some();
    let allowed = cors.allow_origins.iter().any(|wanted| text::matches(wanted, &origin));
    preflight && (allowed || !cors.forward_not_matching_preflights)
}
