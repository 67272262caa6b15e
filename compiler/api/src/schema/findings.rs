//! Errors of the validator become findings with places and words of their own.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use meshc_diagnostics::{Diagnostic, Diagnostics, Span, codes};
use meshc_source::{Document, NodeRef, Value as Scalar, push_key};
use serde_json::Value;

use crate::closest::closest;

/// What becomes of input that does not fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consequences {
    /// Of an unknown field.
    pub(crate) dropped: &'static str,
    /// Of everything else.
    pub(crate) refused: &'static str,
}

impl Consequences {
    /// Of objects of the cluster.
    pub(crate) const API_SERVER: Self = Self {
        dropped: "the API server drops the field, so it has no effect",
        refused: "the API server refuses the object, so it is left out",
    };
}

/// Collects what is wrong with one document.
pub(super) struct Findings<'d> {
    pub(super) schema: &'d Value,
    pub(super) document: &'d Document,
    pub(super) consequences: Consequences,
    pub(super) found: Diagnostics,
}

impl Findings<'_> {
    pub(super) fn add(&mut self, error: &ValidationError<'_>) {
        let path = self.document.path_of_pointer(error.instance_path().as_str());
        let node = self.document.get(&path);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = self.known_fields(error.schema_path().as_str());
                for field in unexpected {
                    self.unknown_field(&path, field, &known);
                }
            }
            ValidationErrorKind::Required { property } => {
                let field = property.as_str().unwrap_or_default();
                let message = format!("missing field `{field}`");
                self.refuse(Diagnostic::new(&codes::MISSING_FIELD, message), &path, node);
            }
            ValidationErrorKind::Enum { options } => self.not_one_of(options, &path, node),
            kind => {
                let message =
                    message(kind, node).unwrap_or_else(|| error.masked_with("the value").to_string());
                let mut finding = Diagnostic::new(&codes::INVALID_VALUE, message);
                if let (ValidationErrorKind::Type { kind: TypeKind::Single(wanted) }, Some(node)) =
                    (kind, node)
                    && let Some(help) = self.conversion(*wanted, node, error.schema_path().as_str())
                {
                    finding = finding.help(help);
                }
                self.refuse(finding, &path, node);
            }
        }
    }

    /// How to write a value so that it is of the type that its field has.
    fn conversion(&self, wanted: JsonType, node: NodeRef<'_>, schema_path: &str) -> Option<String> {
        match (wanted, node.value()) {
            (JsonType::String, _) => as_string(node),
            (JsonType::Integer | JsonType::Number, _) => as_number(node),
            (JsonType::Object, _) => match self.known_fields(schema_path).as_slice() {
                [] => None,
                [only] => Some(format!("write `{only}: …` below it")),
                fields if fields.len() <= 12 => {
                    Some(format!("known fields here: {}", listed(fields.iter().map(String::as_str))))
                }
                _ => None,
            },
            (JsonType::Array, Scalar::Str(_) | Scalar::Map) => {
                Some("begin each item with `- ` on a line of its own".to_owned())
            }
            _ => None,
        }
    }

    /// Fields of the schema of an object, one of whose keywords a path names.
    fn known_fields(&self, schema_path: &str) -> Vec<String> {
        let object = schema_path.rsplit_once('/').map_or(schema_path, |(object, _)| object);
        let fields = self.schema.pointer(object).and_then(|object| object.get("properties"));
        fields.and_then(Value::as_object).into_iter().flatten().map(|(field, _)| field.clone()).collect()
    }

    fn unknown_field(&mut self, path: &str, field: &str, known: &[String]) {
        let mut at = path.to_owned();
        push_key(&mut at, field);
        let mut finding = Diagnostic::new(&codes::UNKNOWN_FIELD, format!("unknown field `{field}`"))
            .at(self.document.key_span(&at), "")
            .consequence(self.consequences.dropped);
        if let Some(meant) = closest(field, known.iter().map(String::as_str)) {
            finding = finding.help(format!("did you mean `{meant}`?"));
        } else if known.len() <= 12 {
            finding =
                finding.help(format!("known fields here: {}", listed(known.iter().map(String::as_str))));
        }
        finding.path = Some(at);
        self.found.push(finding);
    }

    fn not_one_of(&mut self, options: &Value, path: &str, node: Option<NodeRef<'_>>) {
        let options: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let written = node.and_then(NodeRef::as_str);
        let message = match written {
            Some(text) => format!("`{text}` is not one of the values of this field"),
            None => format!("expected one of {}, found {}", listed(options.iter().copied()), found(node)),
        };
        let mut finding = Diagnostic::new(&codes::INVALID_VALUE, message);
        finding = match written.and_then(|text| closest(text, options.iter().copied())) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help(format!("use one of {}", listed(options.iter().copied()))),
        };
        self.refuse(finding, path, node);
    }

    fn refuse(&mut self, finding: Diagnostic, path: &str, node: Option<NodeRef<'_>>) {
        let place = node.map(NodeRef::headline).filter(|span| span.start < span.end);
        let span: Span = place.unwrap_or_else(|| self.document.span(path));
        let mut finding = finding.at(span, "").consequence(self.consequences.refused);
        finding.path = Some(path.to_owned()).filter(|path| !path.is_empty());
        self.found.push(finding);
    }
}

/// What to do about a number or a boolean where a string must stand.
pub(crate) fn as_string(node: NodeRef<'_>) -> Option<String> {
    match node.value() {
        Scalar::Bool(_) if !matches!(node.written(), "true" | "false") => {
            Some(format!("put `{}` in quotes: without them kubectl reads a boolean", node.written()))
        }
        Scalar::Bool(_) | Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_) => {
            Some("put the value in quotes to make it a string".to_owned())
        }
        _ => None,
    }
}

/// What to do about a string where a number must stand.
pub(crate) fn as_number(node: NodeRef<'_>) -> Option<String> {
    let digits = node.as_str().is_some_and(|text| text.parse::<i64>().is_ok());
    digits.then(|| "leave out the quotes".to_owned())
}

fn message(kind: &ValidationErrorKind, node: Option<NodeRef<'_>>) -> Option<String> {
    Some(match kind {
        ValidationErrorKind::Type { kind } => format!("expected {}, found {}", types(kind), found(node)),
        ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}"),
        ValidationErrorKind::MinLength { limit: 1 } => "must not be empty".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("must have at most {limit} characters"),
        ValidationErrorKind::MinItems { limit: 1 } => "must have an item".to_owned(),
        ValidationErrorKind::MinItems { limit } => format!("must have at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("must have at most {limit} items"),
        ValidationErrorKind::MinProperties { limit: 1 } => "must have an entry".to_owned(),
        ValidationErrorKind::MinProperties { limit } => format!("must have at least {limit} entries"),
        ValidationErrorKind::MaxProperties { limit } => format!("must have at most {limit} entries"),
        ValidationErrorKind::Pattern { pattern } => format!("must match the expression `{pattern}`"),
        ValidationErrorKind::Constant { expected_value } => format!("must be {expected_value}"),
        ValidationErrorKind::UniqueItems => "must not have the same item twice".to_owned(),
        _ => return None,
    })
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(name) => type_name(*name).to_owned(),
        TypeKind::Multiple(names) => names.iter().map(type_name).collect::<Vec<_>>().join(" or "),
    }
}

fn type_name(name: JsonType) -> &'static str {
    match name {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping",
        JsonType::String => "a string",
    }
}

fn found(node: Option<NodeRef<'_>>) -> String {
    match node.map(NodeRef::value) {
        None => "nothing".to_owned(),
        Some(Scalar::Null) => "null".to_owned(),
        Some(Scalar::Bool(flag)) => format!("the boolean `{flag}`"),
        Some(Scalar::Int(number)) => format!("the number `{number}`"),
        Some(Scalar::UInt(number)) => format!("the number `{number}`"),
        Some(Scalar::Float(number)) => format!("the number `{number}`"),
        Some(Scalar::Str(text)) if text.len() <= 40 && !text.contains('\n') => format!("the string `{text}`"),
        Some(Scalar::Str(_)) => "a string".to_owned(),
        Some(Scalar::List) => "a list".to_owned(),
        Some(Scalar::Map) => "a mapping".to_owned(),
    }
}

fn listed<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
