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

#[cfg(test)]
mod tests {
    use meshc_plan::{HeaderOperation, HeaderOperations};
    use serde_json::json;

    #[test]
    fn setting_overwrites_and_adding_is_envoys_default() {
        let operation = |name: &str, append| HeaderOperation { name: name.into(), value: "v".into(), append };
        let all = super::headers(&HeaderOperations {
            request: vec![operation("x-set", false), operation("x-add", true)],
            request_remove: vec!["x-gone".into()],
            ..HeaderOperations::default()
        });
        let expected = json!([
            {"header": {"key": "x-set", "value": "v"}, "appendAction": "OVERWRITE_IF_EXISTS_OR_ADD"},
            {"header": {"key": "x-add", "value": "v"}},
        ]);
        assert_eq!(serde_json::to_value(&all.request_add).unwrap(), expected);
        assert_eq!(all.request_remove, ["x-gone"]);
        assert!(all.response_add.is_empty() && all.response_remove.is_empty());
    }
}
