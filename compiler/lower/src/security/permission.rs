//! What is asked for: `to` of an AuthorizationPolicy (translation-spec §7.1).

use meshc_api::istio::Operation;
use meshc_plan::{MetadataValue, Permission};

use super::matcher;
use super::rule::{Condition, Value};

/// Conditions of an operation, in the order of istiod.
pub(super) fn of_operation(operation: &Operation) -> Vec<Condition<Permission>> {
    let mut conditions = Vec::new();
    let mut add =
        |values: &[String], excluded: &[String], http_only, matcher: fn(&str) -> Value<Permission>| {
            conditions.extend(condition(values, excluded, http_only, matcher));
        };
    add(&operation.hosts, &operation.not_hosts, true, host);
    add(&operation.methods, &operation.not_methods, true, method);
    add(&operation.paths, &operation.not_paths, true, path);
    add(&operation.ports, &operation.not_ports, false, port);
    conditions
}

/// A condition over values; nothing when there are none.
pub(super) fn condition(
    values: &[String],
    excluded: &[String],
    http_only: bool,
    matcher: fn(&str) -> Value<Permission>,
) -> Option<Condition<Permission>> {
    if values.is_empty() && excluded.is_empty() {
        return None;
    }
    let all = |values: &[String]| values.iter().map(|value| matcher(value)).collect();
    Some(Condition { values: all(values), excluded: all(excluded), http_only, bare: false })
}

fn host(value: &str) -> Value<Permission> {
    Value::Match(Permission::Header(matcher::header_ignoring_case(":authority", value)))
}

fn method(value: &str) -> Value<Permission> {
    Value::Match(Permission::Header(matcher::header(":method", value)))
}

/// A path; `{*}` stands for one segment and `{**}` for any number of them.
fn path(value: &str) -> Value<Permission> {
    if value.contains("{*}") || value.contains("{**}") {
        let template = value.replace("{**}", "**").replace("{*}", "*");
        return Value::Match(Permission::PathTemplate(template));
    }
    Value::Match(Permission::Path(matcher::text(value)))
}

/// A destination port.
pub(super) fn port(value: &str) -> Value<Permission> {
    match value.parse() {
        Ok(port) => Value::Match(Permission::DestinationPort(port)),
        Err(_) => Value::Invalid(format!("`{value}` is no port")),
    }
}

/// A destination address.
pub(super) fn address(value: &str) -> Value<Permission> {
    match matcher::network(value) {
        Some((address, length)) => Value::Match(Permission::DestinationIp(address, length)),
        None => Value::Invalid(format!("`{value}` is neither an address nor a block of them")),
    }
}

/// A name that a TLS client asks for.
pub(super) fn server_name(value: &str) -> Value<Permission> {
    Value::Match(Permission::ServerName(matcher::text(value)))
}

/// Metadata of a filter of Envoy (`experimental.envoy.filters.<filter>[<key>]`); a value in brackets is one of a list.
pub(super) fn filter_metadata(
    filter: &str,
    key: &str,
    values: &[String],
    excluded: &[String],
) -> Condition<Permission> {
    let value = |text: &String| match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(element) => MetadataValue::ListOneOf(Box::new(MetadataValue::Text(matcher::text(element)))),
        None => MetadataValue::Text(matcher::text(text)),
    };
    let all = |texts: &[String]| {
        let permission = || Permission::Metadata {
            filter: filter.to_owned(),
            path: vec![key.to_owned()],
            value: matcher::one_of(texts.iter().map(value).collect()),
        };
        (!texts.is_empty()).then(|| Value::Match(permission())).into_iter().collect()
    };
    Condition { values: all(values), excluded: all(excluded), http_only: false, bare: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_make_a_template_of_a_path() {
        assert_eq!(path("/a/{*}/b/{**}"), Value::Match(Permission::PathTemplate("/a/*/b/**".to_owned())));
        assert!(matches!(path("/a/*"), Value::Match(Permission::Path(_))));
    }

    #[test]
    fn conditions_of_an_operation_stand_in_the_order_of_istiod() {
        let operation = Operation {
            ports: vec!["80".to_owned()],
            hosts: vec!["a".to_owned()],
            not_methods: vec!["GET".to_owned()],
            ..Operation::default()
        };
        let http: Vec<bool> = of_operation(&operation).iter().map(|condition| condition.http_only).collect();
        assert_eq!(http, [true, true, false]);
    }
}
