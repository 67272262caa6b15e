//! What a request looks like when it is forwarded.

use meshc_plan::{HeaderOperations, Route, RouteForward, WeightedUpstream};

use crate::request::HttpRequest;

/// The request as a destination gets it: header operations of the destination, then those of the route, then the new path and
/// host. Operators (`%DOWNSTREAM_…%`) in values are known only at run time and stay as they are written.
#[must_use]
pub fn forwarded(
    route: &Route,
    forward: &RouteForward,
    destination: &WeightedUpstream,
    request: &HttpRequest,
) -> HttpRequest {
    let mut sent = request.clone();
    apply(&destination.headers, &mut sent.headers);
    apply(&route.headers, &mut sent.headers);
    let query = request.path.find('?').map_or("", |at| &request.path[at..]);
    if let Some(prefix) = forward.prefix_rewrite.as_deref().filter(|prefix| !prefix.is_empty()) {
        sent.path = format!("{}{query}", route.matches.path.replace(prefix, request.path_only()));
    } else if let Some((expression, substitution)) = &forward.regex_rewrite {
        sent.path = format!("{}{query}", expression.replace_all(request.path_only(), substitution));
    }
    if let Some(host) = destination.host_rewrite.as_ref().or(forward.host_rewrite.as_ref()) {
        if forward.append_forwarded_host {
            sent.headers.push(("x-forwarded-host".to_owned(), request.authority.clone()));
        }
        sent.authority = host.clone();
    }
    sent
}

/// Removes, then sets and adds.
fn apply(operations: &HeaderOperations, headers: &mut Vec<(String, String)>) {
    let removed = |name: &str| operations.request_remove.iter().any(|one| one.eq_ignore_ascii_case(name));
    headers.retain(|(name, _)| !removed(name));
    for operation in &operations.request {
        let name = operation.name.to_ascii_lowercase();
        if !operation.append {
            headers.retain(|(header, _)| *header != name);
        }
        headers.push((name, operation.value.replace("%%", "%")));
    }
}

#[cfg(test)]
mod tests {
    use meshc_plan::HeaderOperation;

    use super::*;

    #[test]
    fn headers_are_removed_before_others_are_set_and_added() {
        let operation = |name: &str, value: &str, append| HeaderOperation {
            name: name.to_owned(),
            value: value.to_owned(),
            append,
        };
        let operations = HeaderOperations {
            request: vec![operation("A", "1", false), operation("B", "100%%", true)],
            request_remove: vec!["b".to_owned()],
            ..HeaderOperations::default()
        };
        let mut headers = vec![("a".to_owned(), "0".to_owned()), ("b".to_owned(), "0".to_owned())];
        apply(&operations, &mut headers);
        assert_eq!(headers, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "100%".to_owned())]);
    }
}
