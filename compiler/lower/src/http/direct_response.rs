//! Fixed responses (translation-spec §2.9.7).

use meshc_api::istio::HttpDirectResponse;
use meshc_plan::DirectResponse;

/// The response that a proxy gives itself.
pub(super) fn direct_response(stated: &HttpDirectResponse) -> DirectResponse {
    let body = stated.body.as_ref();
    DirectResponse {
        status: stated.status.unwrap_or(0),
        body: body.and_then(|body| body.string.clone()),
        body_bytes: body.and_then(|body| body.bytes.clone()),
    }
}
