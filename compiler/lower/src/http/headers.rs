//! Header operations (translation-spec §2.9.4).

use std::collections::BTreeMap;

use meshc_api::istio::{HeaderOperations as Stated, Headers};
use meshc_plan::{HeaderOperation, HeaderOperations};

/// Header operations, and the host that they set. Envoy keeps `host` and pseudo headers out of header operations, so the
/// host becomes a rewrite; where both `set` and `add` name it, `set` counts.
pub(super) fn header_operations(stated: Option<&Headers>) -> (HeaderOperations, Option<String>) {
    let request = stated.and_then(|headers| headers.request.as_ref());
    let response = stated.and_then(|headers| headers.response.as_ref());
    let operations = HeaderOperations {
        request: additions(request),
        request_remove: removals(request),
        response: additions(response),
        response_remove: removals(response),
    };
    let authority = request.and_then(|request| authority(&request.set).or_else(|| authority(&request.add)));
    (operations, authority)
}

/// Tells clients for a day that a port takes HTTP/3 as well (RFC 7838, `Alt-Svc`).
pub(super) fn alternative_service(port: u16) -> HeaderOperation {
    HeaderOperation { name: "alt-svc".to_owned(), value: format!("h3=\":{port}\"; ma=86400"), append: true }
}

/// Appends the operations of an only destination to those of its route.
pub(super) fn append(route: &mut HeaderOperations, destination: HeaderOperations) {
    let HeaderOperations { request, request_remove, response, response_remove } = destination;
    route.request.extend(request);
    route.request_remove.extend(request_remove);
    route.response.extend(response);
    route.response_remove.extend(response_remove);
}

/// What is set stands before what is added.
fn additions(stated: Option<&Stated>) -> Vec<HeaderOperation> {
    let Some(stated) = stated else { return Vec::new() };
    let set = stated.set.iter().map(|header| (header, false));
    let add = stated.add.iter().map(|header| (header, true));
    set.chain(add)
        .filter(|((name, _), _)| !is_internal(name))
        .map(|((name, value), append)| HeaderOperation { name: name.clone(), value: value.clone(), append })
        .collect()
}

fn removals(stated: Option<&Stated>) -> Vec<String> {
    let names = stated.map(|stated| &stated.remove).into_iter().flatten();
    names.filter(|name| !is_internal(name)).cloned().collect()
}

fn authority(headers: &BTreeMap<String, String>) -> Option<String> {
    let names_host =
        |name: &str| name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host");
    headers
        .iter()
        .rev()
        .find(|(name, value)| names_host(name) && !value.is_empty())
        .map(|(_, value)| value.clone())
}

fn is_internal(name: &str) -> bool {
    name.starts_with(':') || name.eq_ignore_ascii_case("host")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations(json: &str) -> (HeaderOperations, Option<String>) {
        let headers: Headers = serde_json::from_str(json).unwrap();
        header_operations(Some(&headers))
    }

    #[test]
    fn what_is_set_stands_before_what_is_added() {
        let (operations, _) = operations(r#"{"request": {"add": {"a": "1"}, "set": {"z": "2", "b": "3"}}}"#);
        let names: Vec<_> =
            operations.request.iter().map(|header| (header.name.as_str(), header.append)).collect();
        assert_eq!(names, [("b", false), ("z", false), ("a", true)]);
    }

    #[test]
    fn the_host_becomes_a_rewrite() {
        let (operations, host) = operations(
            r#"{"request": {"set": {"Host": "a.example", ":path": "/"}, "add": {":authority": "b.example"},
                "remove": ["host", "x"]}}"#,
        );
        assert_eq!(host.as_deref(), Some("a.example"));
        assert!(operations.request.is_empty());
        assert_eq!(operations.request_remove, ["x"]);
    }
}
