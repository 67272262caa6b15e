//! Header operations.

use meshc_plan::{HeaderOperation, HeaderOperations};

use super::xds;

/// The four lists that a route or a weighted cluster holds.
pub(super) struct Headers {
    pub(super) request_add: Vec<xds::HeaderValueOption>,
    pub(super) request_remove: Vec<String>,
    pub(super) response_add: Vec<xds::HeaderValueOption>,
    pub(super) response_remove: Vec<String>,
}

/// Header operations in Envoy's words.
pub(super) fn headers(operations: &HeaderOperations) -> Headers {
    let HeaderOperations { request, request_remove, response, response_remove } = operations;
    Headers {
        request_add: request.iter().map(operation).collect(),
        request_remove: request_remove.clone(),
        response_add: response.iter().map(operation).collect(),
        response_remove: response_remove.clone(),
    }
}

fn operation(operation: &HeaderOperation) -> xds::HeaderValueOption {
    let HeaderOperation { name, value, append } = operation;
    xds::HeaderValueOption {
        header: Some(xds::HeaderValue { key: name.clone(), value: value.clone() }),
        append_action: (!append).then_some(xds::AppendAction::OverwriteIfExistsOrAdd),
    }
}
