//! Header operations of routes, with Envoy's operators in their values.

use ::http::{HeaderMap, HeaderName, HeaderValue};
use meshc_contract::traffic;

use crate::config::ConfigError;
use crate::telemetry::{Format, Record};

/// Operations on the headers of requests and responses.
#[derive(Debug, Default)]
pub(super) struct HeaderOperations {
    request: Operations,
    response: Operations,
}

#[derive(Debug, Default)]
struct Operations {
    remove: Vec<HeaderName>,
    add: Vec<Operation>,
}

#[derive(Debug)]
struct Operation {
    name: HeaderName,
    value: Value,
    append: bool,
}

#[derive(Debug)]
enum Value {
    Constant(HeaderValue),
    Format(Format),
}

impl HeaderOperations {
    /// Makes operations ready.
    pub(super) fn compile(source: &traffic::HeaderOperations) -> Result<Self, ConfigError> {
        let traffic::HeaderOperations { request, request_remove, response, response_remove } = source;
        Ok(Self {
            request: Operations::compile(request, request_remove).map_err(|error| error.under("request"))?,
            response: Operations::compile(response, response_remove)
                .map_err(|error| error.under("response"))?,
        })
    }

    /// Whether a value of a request header needs to know the request.
    pub(super) fn request_needs_record(&self) -> bool {
        self.request.needs_record()
    }

    /// Whether a value of a response header needs to know the request.
    pub(super) fn response_needs_record(&self) -> bool {
        self.response.needs_record()
    }

    /// Changes the headers of a request. The record may be left out where no value needs it.
    pub(super) fn request(&self, headers: &mut HeaderMap, record: Option<&Record>) {
        self.request.apply(headers, record);
    }

    /// Changes the headers of a response.
    pub(super) fn response(&self, headers: &mut HeaderMap, record: Option<&Record>) {
        self.response.apply(headers, record);
    }
}

impl Operations {
    fn compile(add: &[traffic::HeaderOperation], remove: &[String]) -> Result<Self, ConfigError> {
        let name = |text: &str| {
            HeaderName::from_bytes(text.as_bytes())
                .map_err(|_| ConfigError::new("", format!("`{text}` is no name of a header")))
        };
        let mut operations = Self::default();
        for text in remove {
            operations.remove.push(name(text)?);
        }
        for operation in add {
            let traffic::HeaderOperation { name: text, value, append } = operation;
            let format = Format::parse(value).map_err(|problem| ConfigError::new("", problem))?;
            let value = match format.constant() {
                Some(text) => Value::Constant(
                    HeaderValue::from_str(text)
                        .map_err(|_| ConfigError::new("", format!("`{text}` is no value of a header")))?,
                ),
                None => Value::Format(format),
            };
            operations.add.push(Operation { name: name(text)?, value, append: *append });
        }
        Ok(operations)
    }

    fn needs_record(&self) -> bool {
        self.add.iter().any(|operation| matches!(operation.value, Value::Format(_)))
    }

    /// Removes first, so that a header can be replaced by several, as Envoy does it.
    fn apply(&self, headers: &mut HeaderMap, record: Option<&Record>) {
        for name in &self.remove {
            headers.remove(name);
        }
        for Operation { name, value, append } in &self.add {
            let value = match value {
                Value::Constant(value) => Some(value.clone()),
                Value::Format(format) => record
                    .map(|record| format.header_value(record))
                    .filter(|text| !text.is_empty())
                    .and_then(|text| HeaderValue::from_str(&text).ok()),
            };
            // What an operator brings from the network and cannot stand in a header is left out; so is what is empty.
            let Some(value) = value else { continue };
            if *append {
                headers.append(name.clone(), value);
            } else {
                headers.insert(name.clone(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_removed_before_others_are_added() {
        let operation = |name: &str, value: &str, append| traffic::HeaderOperation {
            name: name.to_owned(),
            value: value.to_owned(),
            append,
        };
        let operations = HeaderOperations::compile(&traffic::HeaderOperations {
            request: vec![
                operation("X-A", "new", true),
                operation("x-b", "set", false),
                operation("x-c", "%PROTOCOL%!%%", false),
            ],
            request_remove: vec!["x-a".to_owned()],
            ..traffic::HeaderOperations::default()
        })
        .unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-a", HeaderValue::from_static("old"));
        headers.insert("x-b", HeaderValue::from_static("old"));
        assert!(operations.request_needs_record() && !operations.response_needs_record());
        operations.request(&mut headers, Some(&Record { protocol: "HTTP/2", ..Record::starting() }));
        let values = |name: &str| headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        assert_eq!(
            (values("x-a"), values("x-b"), values("x-c")),
            (
                vec![HeaderValue::from_static("new")],
                vec![HeaderValue::from_static("set")],
                vec![HeaderValue::from_static("HTTP/2!%")],
            )
        );
    }

    #[test]
    fn an_operator_that_is_not_known_is_an_error_with_its_place() {
        let operation =
            traffic::HeaderOperation { name: "a".to_owned(), value: "%X%".to_owned(), append: false };
        let source =
            traffic::HeaderOperations { request: vec![operation], ..traffic::HeaderOperations::default() };
        assert!(HeaderOperations::compile(&source).unwrap_err().to_string().starts_with("request: "));
    }
}
