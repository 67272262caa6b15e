//! The rules of protoc-gen-validate that Envoy's .proto files state for fields, as far as emitted fields have them.

use prost_reflect::{DynamicMessage, FieldDescriptor, OneofDescriptor, ReflectMessage, Value};

use super::schema::{Shape, ValueKind};

/// The rules of one field.
#[derive(Default)]
pub(super) struct Rules(Vec<Rule>);

/// One rule.
#[derive(PartialEq)]
pub(super) enum Rule {
    Required,
    NotIn(Vec<i128>),
    MinLength(u64),
    MaxBytes(u64),
    MinItems(u64),
    MaxItems(u64),
    Bound(Bound, i128),
    EachItem(Vec<Rule>),
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Bound {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// Numbers and durations are compared in billionths, which no value of Envoy's configuration is finer than.
pub(super) const UNIT: i128 = 1_000_000_000;

/// A value as rules see it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scalar<'v> {
    /// A number or the number of an enumeration, in billionths.
    Number(i128),
    /// A duration, in billionths of a second.
    Duration(i128),
    /// A text.
    Text(&'v str),
    /// Something without rules.
    Other,
}

/// Whether some member of a oneof must be set.
pub(super) fn is_required(oneof: &OneofDescriptor) -> bool {
    option(&oneof.options(), "validate.required") == Some(Value::Bool(true))
}

impl Rules {
    /// Reads the rules of a field.
    pub(super) fn of(field: &FieldDescriptor) -> Self {
        Self(option(&field.options(), "validate.rules").map(|rules| read(&rules)).unwrap_or_default())
    }

    pub(super) fn has(&self, rule: &Rule) -> bool {
        self.0.contains(rule)
    }

    /// How a value breaks a rule.
    pub(super) fn breach(&self, value: Scalar<'_>) -> Option<String> {
        self.0.iter().find_map(|rule| rule.breach(value))
    }

    /// How an element of a list breaks a rule.
    pub(super) fn breach_of_item(&self, value: Scalar<'_>) -> Option<String> {
        let rules = self.0.iter().filter_map(|rule| match rule {
            Rule::EachItem(rules) => Some(rules),
            _ => None,
        });
        rules.flatten().find_map(|rule| rule.breach(value))
    }

    /// How the number of elements of a list or map breaks a rule.
    pub(super) fn breach_of_size(&self, size: usize) -> Option<String> {
        self.0.iter().find_map(|rule| match rule {
            Rule::MinItems(least) => breach_of_size(size, *least, u64::MAX, "element"),
            Rule::MaxItems(most) => breach_of_size(size, 0, *most, "element"),
            _ => None,
        })
    }

    /// How proto3's default breaks a rule.
    pub(super) fn breach_of_default(&self, shape: Shape, kind: &ValueKind) -> Option<String> {
        match (shape, kind) {
            (Shape::List | Shape::Map, _) => self.breach_of_size(0),
            (Shape::Single, ValueKind::Text | ValueKind::Bytes) => self.breach(Scalar::Text("")),
            (Shape::Single, ValueKind::Integer | ValueKind::Float | ValueKind::Enumeration(_)) => {
                self.breach(Scalar::Number(0))
            }
            (Shape::Single, _) => None,
        }
    }
}

fn option(options: &DynamicMessage, name: &str) -> Option<Value> {
    options.extensions().find(|(extension, _)| extension.full_name() == name).map(|(_, value)| value.clone())
}

/// Reads `validate.FieldRules`: a message with one member for the type of the field, which holds the rules of that type.
fn read(rules: &Value) -> Vec<Rule> {
    let Value::Message(rules) = rules else { return Vec::new() };
    let by_type = rules.fields().filter_map(|(_, rules)| match rules {
        Value::Message(rules) => Some(rules),
        _ => None,
    });
    let mut result = Vec::new();
    for rules in by_type {
        let ignores_empty =
            rules.get_field_by_name("ignore_empty").is_some_and(|value| value.as_bool().unwrap_or_default());
        if !ignores_empty {
            result.extend(rules.fields().filter_map(|(field, value)| rule(field.name(), value)));
        }
    }
    result
}

fn rule(name: &str, value: &Value) -> Option<Rule> {
    let bound = |bound| number(value).map(|limit| Rule::Bound(bound, limit));
    match name {
        "required" => (value.as_bool() == Some(true)).then_some(Rule::Required),
        "not_in" => value.as_list().map(|values| Rule::NotIn(values.iter().filter_map(number).collect())),
        "min_len" | "min_bytes" => value.as_u64().map(Rule::MinLength),
        "max_bytes" => value.as_u64().map(Rule::MaxBytes),
        "min_items" | "min_pairs" => value.as_u64().map(Rule::MinItems),
        "max_items" => value.as_u64().map(Rule::MaxItems),
        "gt" => bound(Bound::Above),
        "gte" => bound(Bound::AtLeast),
        "lt" => bound(Bound::Below),
        "lte" => bound(Bound::AtMost),
        "items" => Some(Rule::EachItem(read(value))),
        _ => None,
    }
}

/// A limit: a number or a duration.
fn number(value: &Value) -> Option<i128> {
    match value {
        Value::I32(number) | Value::EnumNumber(number) => Some(i128::from(*number) * UNIT),
        Value::I64(number) => Some(i128::from(*number) * UNIT),
        Value::U32(number) => Some(i128::from(*number) * UNIT),
        Value::U64(number) => Some(i128::from(*number) * UNIT),
        Value::F32(number) => Some(billionths(f64::from(*number))),
        Value::F64(number) => Some(billionths(*number)),
        Value::Message(message) if message.descriptor().full_name() == "google.protobuf.Duration" => {
            let seconds = message.get_field_by_name("seconds")?.as_i64()?;
            let nanos = message.get_field_by_name("nanos")?.as_i32()?;
            Some(i128::from(seconds) * UNIT + i128::from(nanos))
        }
        _ => None,
    }
}

/// A double in billionths; what does not fit keeps its order.
pub(super) fn billionths(number: f64) -> i128 {
    #[allow(clippy::cast_possible_truncation, reason = "the cast saturates")]
    let result = (number * 1e9) as i128;
    result
}

impl Rule {
    fn breach(&self, value: Scalar<'_>) -> Option<String> {
        match (self, value) {
            (Self::NotIn(refused), Scalar::Number(number)) if refused.contains(&number) => {
                Some("must not have this value".to_owned())
            }
            (Self::MinLength(least), Scalar::Text(text)) => {
                breach_of_size(text.chars().count(), *least, u64::MAX, "character")
            }
            (Self::MaxBytes(most), Scalar::Text(text)) => breach_of_size(text.len(), 0, *most, "byte"),
            (Self::Bound(bound, limit), Scalar::Number(number)) => {
                breach_of_bound(*bound, *limit, number, "")
            }
            (Self::Bound(bound, limit), Scalar::Duration(number)) => {
                breach_of_bound(*bound, *limit, number, "s")
            }
            _ => None,
        }
    }
}

fn breach_of_size(size: usize, least: u64, most: u64, unit: &str) -> Option<String> {
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    if size < least {
        Some(format!("must have at least {least} {unit}{}", plural(least)))
    } else if size > most {
        Some(format!("must have at most {most} {unit}{}", plural(most)))
    } else {
        None
    }
}

fn breach_of_bound(bound: Bound, limit: i128, actual: i128, unit: &str) -> Option<String> {
    let (holds, words) = match bound {
        Bound::Above => (actual > limit, "greater than"),
        Bound::AtLeast => (actual >= limit, "at least"),
        Bound::Below => (actual < limit, "less than"),
        Bound::AtMost => (actual <= limit, "at most"),
    };
    (!holds).then(|| format!("must be {words} {}{unit}", decimal(limit)))
}

fn decimal(billionths: i128) -> String {
    if billionths % UNIT == 0 {
        return (billionths / UNIT).to_string();
    }
    let text = format!("{}.{:09}", billionths / UNIT, (billionths % UNIT).abs());
    text.trim_end_matches('0').to_owned()
}
