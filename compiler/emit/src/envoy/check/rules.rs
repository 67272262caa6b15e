//! The rules of protoc-gen-validate that Envoy's .proto files state for fields, as far as emitted fields have them.

use std::collections::BTreeMap;
use std::rc::Rc;

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor,
    ReflectMessage, Value,
};

/// Rules of messages, read from the descriptors when a message is first seen.
pub(super) struct Rules {
    pool: DescriptorPool,
    messages: BTreeMap<String, Rc<MessageRules>>,
}

struct MessageRules {
    fields: Vec<(FieldDescriptor, Vec<Rule>)>,
    required_oneofs: Vec<OneofDescriptor>,
}

/// One rule of a field.
enum Rule {
    Required,
    DefinedOnly,
    NotIn(Vec<i128>),
    MinLength(u64),
    MaxBytes(u64),
    MinItems(u64),
    MaxItems(u64),
    Bound(Bound, i128),
    EachItem(Vec<Rule>),
}

#[derive(Clone, Copy)]
enum Bound {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// Integers and durations are compared in billionths, which a double of Envoy's configuration never needs more of.
const UNIT: i128 = 1_000_000_000;

impl Rules {
    pub(super) fn new(pool: DescriptorPool) -> Self {
        Self { pool, messages: BTreeMap::new() }
    }

    pub(super) fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// Breaches in a message and all that it holds, each with the path of its field.
    pub(super) fn breaches(&mut self, message: &DynamicMessage) -> Vec<String> {
        let mut found = Vec::new();
        self.message(message, "", &mut found);
        found
    }

    fn message(&mut self, message: &DynamicMessage, path: &str, found: &mut Vec<String>) {
        let descriptor = message.descriptor();
        if descriptor.full_name() == "google.protobuf.Any" {
            return self.any(message, path, found);
        }
        let rules = self.rules_of(&descriptor);
        for (field, rules) in &rules.fields {
            let present = message.has_field(field);
            // Rules hold for scalars that are absent too, since absent means zero; but not for members of a oneof.
            if !present && (field.supports_presence() || field.containing_oneof().is_some()) {
                if rules.iter().any(|rule| matches!(rule, Rule::Required))
                    && field.containing_oneof().is_none()
                {
                    found.push(format!("{}: is required", join(path, field.name())));
                }
                continue;
            }
            let value = message.get_field(field);
            let problems = rules.iter().filter_map(|rule| rule.breach(field, &value));
            found.extend(problems.map(|problem| format!("{}: {problem}", join(path, field.name()))));
        }
        for oneof in &rules.required_oneofs {
            if !oneof.fields().any(|field| message.has_field(&field)) {
                let names: Vec<String> = oneof.fields().map(|field| field.name().to_owned()).collect();
                found.push(format!("{path}: one of {} is required", names.join(", ")));
            }
        }
        for (field, value) in message.fields() {
            self.value(value, &join(path, field.name()), found);
        }
    }

    fn value(&mut self, value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Message(inner) => self.message(inner, path, found),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{path}[{index}]"), found);
                }
            }
            Value::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by(|(a, _), (b, _)| format!("{a:?}").cmp(&format!("{b:?}")));
                for (key, item) in entries {
                    self.value(item, &format!("{path}[{key:?}]"), found);
                }
            }
            _ => {}
        }
    }

    fn any(&mut self, any: &DynamicMessage, path: &str, found: &mut Vec<String>) {
        let url = any.get_field_by_name("type_url");
        let bytes = any.get_field_by_name("value");
        let (Some(url), Some(bytes)) =
            (url.as_deref().and_then(Value::as_str), bytes.as_deref().and_then(Value::as_bytes))
        else {
            return;
        };
        let name = url.rsplit('/').next().unwrap_or(url);
        match self.pool.get_message_by_name(name).map(|inner| DynamicMessage::decode(inner, bytes.clone())) {
            Some(Ok(inner)) => self.message(&inner, path, found),
            Some(Err(error)) => found.push(format!("{path}: {error}")),
            None => found.push(format!("{path}: {name} is not known")),
        }
    }

    fn rules_of(&mut self, descriptor: &MessageDescriptor) -> Rc<MessageRules> {
        if let Some(rules) = self.messages.get(descriptor.full_name()) {
            return Rc::clone(rules);
        }
        let fields = descriptor.fields().map(|field| {
            let rules =
                option(&field.options(), "validate.rules").map(|rules| read(&rules)).unwrap_or_default();
            (field, rules)
        });
        let required = |oneof: &OneofDescriptor| {
            option(&oneof.options(), "validate.required") == Some(Value::Bool(true))
        };
        let rules = Rc::new(MessageRules {
            fields: fields.filter(|(_, rules)| !rules.is_empty()).collect(),
            required_oneofs: descriptor.oneofs().filter(required).collect(),
        });
        self.messages.insert(descriptor.full_name().to_owned(), Rc::clone(&rules));
        rules
    }
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
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
        if ignores_empty {
            continue;
        }
        result.extend(rules.fields().filter_map(|(field, value)| rule(field.name(), value)));
    }
    result
}

fn rule(name: &str, value: &Value) -> Option<Rule> {
    let bound = |bound| number(value).map(|limit| Rule::Bound(bound, limit));
    match name {
        "required" => (value.as_bool() == Some(true)).then_some(Rule::Required),
        "defined_only" => (value.as_bool() == Some(true)).then_some(Rule::DefinedOnly),
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

/// A number, a wrapped number or a duration, in billionths.
fn number(value: &Value) -> Option<i128> {
    match value {
        Value::I32(number) => Some(i128::from(*number) * UNIT),
        Value::EnumNumber(number) => Some(i128::from(*number) * UNIT),
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
        Value::Message(message) => number(&*message.get_field_by_name("value")?),
        _ => None,
    }
}

fn billionths(number: f64) -> i128 {
    #[allow(clippy::cast_possible_truncation, reason = "the cast saturates, which keeps the order")]
    let result = (number * 1e9) as i128;
    result
}

impl Rule {
    /// How a value breaks the rule.
    fn breach(&self, field: &FieldDescriptor, value: &Value) -> Option<String> {
        match self {
            Self::Required => None,
            Self::DefinedOnly => match (field.kind(), value) {
                (Kind::Enum(kind), Value::EnumNumber(number)) if kind.get_value(*number).is_none() => {
                    Some(format!("{number} is not a value of the enumeration"))
                }
                _ => None,
            },
            Self::NotIn(refused) => number(value)
                .filter(|number| refused.contains(number))
                .map(|_| "must not have this value".to_owned()),
            Self::MinLength(least) => {
                let length = match value {
                    Value::String(text) => text.chars().count(),
                    Value::Bytes(bytes) => bytes.len(),
                    _ => return None,
                };
                breach_of_size(length, *least, u64::MAX, "character")
            }
            Self::MaxBytes(most) => breach_of_size(value.as_str()?.len(), 0, *most, "byte"),
            Self::MinItems(least) => breach_of_size(items(value)?, *least, u64::MAX, "element"),
            Self::MaxItems(most) => breach_of_size(items(value)?, 0, *most, "element"),
            Self::Bound(bound, limit) => breach_of_bound(*bound, *limit, value),
            Self::EachItem(rules) => {
                let items = value.as_list()?;
                items.iter().find_map(|item| rules.iter().find_map(|rule| rule.breach(field, item)))
            }
        }
    }
}

fn items(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) => Some(items.len()),
        Value::Map(entries) => Some(entries.len()),
        _ => None,
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

fn breach_of_bound(bound: Bound, limit: i128, value: &Value) -> Option<String> {
    let actual = number(value)?;
    let (holds, words) = match bound {
        Bound::Above => (actual > limit, "greater than"),
        Bound::AtLeast => (actual >= limit, "at least"),
        Bound::Below => (actual < limit, "less than"),
        Bound::AtMost => (actual <= limit, "at most"),
    };
    let unit = match value {
        Value::Message(message) if message.descriptor().full_name() == "google.protobuf.Duration" => "s",
        _ => "",
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
