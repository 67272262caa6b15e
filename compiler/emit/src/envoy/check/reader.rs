//! Reads protojson against schemas, without building anything.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::rules::{Scalar, UNIT, billionths};
use super::schema::{FieldSchema, MessageSchema, Schemas, Shape, ValueKind};
use crate::envoy::xds::WITHOUT_DESCRIPTOR;

/// Where the reader is, and what it has found.
pub(super) struct Reader<'s> {
    schemas: &'s Schemas,
    path: Vec<Step>,
    problems: Vec<String>,
}

enum Step {
    Field(Arc<MessageSchema>, usize),
    Index(usize),
    Key(String),
}

/// Reads a message and says what is wrong with it.
pub(super) fn read(schemas: &Schemas, schema: Arc<MessageSchema>, text: &str) -> Vec<String> {
    let mut reader = Reader { schemas, path: Vec::new(), problems: Vec::new() };
    let mut json = serde_json::Deserializer::from_str(text);
    let result = MessageSeed { reader: &mut reader, schema }.deserialize(&mut json);
    if let Err(error) = result {
        reader.problem(&error.to_string());
    }
    reader.problems
}

impl Reader<'_> {
    fn problem(&mut self, what: &str) {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(schema, index) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&schema.fields[*index].name);
                }
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Key(key) => path.push_str(&format!("[{key:?}]")),
            }
        }
        let separator = if path.is_empty() { "" } else { ": " };
        self.problems.push(format!("{path}{separator}{what}"));
    }
}

/// Reads an object as a message.
struct MessageSeed<'r, 's> {
    reader: &'r mut Reader<'s>,
    schema: Arc<MessageSchema>,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        members(self.reader, &self.schema, map)
    }
}

/// Reads the members of an object, or what is left of them behind a type URL.
fn members<'de, A: MapAccess<'de>>(
    reader: &mut Reader<'_>,
    schema: &Arc<MessageSchema>,
    mut map: A,
) -> Result<(), A::Error> {
    let mut seen = vec![false; schema.fields.len()];
    let mut set = vec![false; schema.oneofs.len()];
    while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
        let Some(index) = schema.field(&key) else {
            reader.problem(&format!("there is no field `{key}`"));
            map.next_value::<IgnoredAny>()?;
            continue;
        };
        reader.path.push(Step::Field(Arc::clone(schema), index));
        seen[index] = true;
        if let Some(oneof) = schema.fields[index].oneof
            && std::mem::replace(&mut set[oneof], true)
        {
            reader.problem(&format!("another field of `{}` is set", schema.oneofs[oneof].0));
        }
        map.next_value_seed(FieldSeed { reader, field: &schema.fields[index] })?;
        reader.path.pop();
    }
    for (index, field) in schema.fields.iter().enumerate().filter(|(index, _)| !seen[*index]) {
        if let Some(absence) = &field.absence {
            reader.path.push(Step::Field(Arc::clone(schema), index));
            reader.problem(absence);
            reader.path.pop();
        }
    }
    for (index, (_, required)) in schema.oneofs.iter().enumerate() {
        if *required && !set[index] {
            let members = schema.fields.iter().filter(|field| field.oneof == Some(index));
            let names: Vec<&str> = members.map(|field| field.name.as_str()).collect();
            reader.problem(&format!("one of {} is required", names.join(", ")));
        }
    }
    Ok(())
}

/// Reads the value of a field: one value, a list or a map.
struct FieldSeed<'r, 's, 'f> {
    reader: &'r mut Reader<'s>,
    field: &'f FieldSchema,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.field.shape {
            Shape::Single => {
                ValueSeed { reader: self.reader, field: self.field, item: false }.deserialize(deserializer)
            }
            Shape::List => deserializer.deserialize_seq(self),
            Shape::Map => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.field.shape == Shape::List { "a list" } else { "an object" })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { reader, field } = self;
        let mut size = 0;
        reader.path.push(Step::Index(size));
        while items.next_element_seed(ValueSeed { reader: &mut *reader, field, item: true })?.is_some() {
            size += 1;
            reader.path.pop();
            reader.path.push(Step::Index(size));
        }
        reader.path.pop();
        if let Some(breach) = field.rules.breach_of_size(size) {
            reader.problem(&breach);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { reader, field } = self;
        let mut size = 0;
        while let Some(key) = map.next_key::<String>()? {
            size += 1;
            reader.path.push(Step::Key(key));
            map.next_value_seed(ValueSeed { reader: &mut *reader, field, item: true })?;
            reader.path.pop();
        }
        if let Some(breach) = field.rules.breach_of_size(size) {
            reader.problem(&breach);
        }
        Ok(())
    }
}

/// Reads one value.
struct ValueSeed<'r, 's, 'f> {
    reader: &'r mut Reader<'s>,
    field: &'f FieldSchema,
    /// Whether it is an element of a list or map, for which other rules hold.
    item: bool,
}

impl ValueSeed<'_, '_, '_> {
    fn check(self, value: Scalar<'_>) {
        let rules = &self.field.rules;
        let breach = if self.item { rules.breach_of_item(value) } else { rules.breach(value) };
        if let Some(breach) = breach {
            self.reader.problem(&breach);
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match &self.field.kind {
            ValueKind::Message(descriptor, cell) => {
                let schema = self.reader.schemas.of_field(descriptor, cell);
                MessageSeed { reader: self.reader, schema }.deserialize(deserializer)
            }
            ValueKind::Json => deserializer.deserialize_any(IgnoredAny).map(|_| ()),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.field.kind {
            ValueKind::Bool => "true or false",
            ValueKind::Integer => "an integer",
            ValueKind::Float => "a number",
            ValueKind::Text => "a text",
            ValueKind::Bytes => "bytes in base64",
            ValueKind::Enumeration(_) => "a name of the enumeration",
            ValueKind::Duration => "a duration in seconds, such as 1.5s",
            ValueKind::Any => "an object with its type URL first",
            ValueKind::Json | ValueKind::Message(..) => "an object",
        })
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.field.kind {
            ValueKind::Bool => Ok(()),
            _ => Err(E::invalid_type(serde::de::Unexpected::Bool(value), &self)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        match self.field.kind {
            ValueKind::Float => self.check(Scalar::Number(billionths(value))),
            _ => return Err(E::invalid_type(serde::de::Unexpected::Float(value), &self)),
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        let refused = || E::invalid_value(serde::de::Unexpected::Str(value), &self);
        let scalar = match &self.field.kind {
            ValueKind::Text => Scalar::Text(value),
            ValueKind::Bytes => Scalar::Other,
            ValueKind::Integer => {
                value.parse().map(|n: i128| Scalar::Number(n * UNIT)).map_err(|_| refused())?
            }
            ValueKind::Duration => Scalar::Duration(duration(value).ok_or_else(refused)?),
            ValueKind::Enumeration(names) => {
                Scalar::Number(i128::from(*names.get(value).ok_or_else(refused)?) * UNIT)
            }
            _ => return Err(refused()),
        };
        self.check(scalar);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if !matches!(self.field.kind, ValueKind::Any) {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        let first = map.next_key::<std::borrow::Cow<'_, str>>()?;
        if first.as_deref() != Some("@type") {
            return Err(A::Error::custom("a message of any type begins with its type URL"));
        }
        let url = map.next_value::<std::borrow::Cow<'_, str>>()?;
        let known = self.reader.schemas.by_name(url.rsplit('/').next().unwrap_or_default());
        match known {
            Some(schema) => members(self.reader, &schema, map),
            None => {
                if !WITHOUT_DESCRIPTOR.contains(&&*url) {
                    self.reader.problem(&format!("the type `{url}` is not known"));
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(())
            }
        }
    }
}

impl ValueSeed<'_, '_, '_> {
    fn integer<E: Error>(self, value: i128) -> Result<(), E> {
        match &self.field.kind {
            ValueKind::Integer | ValueKind::Float => self.check(Scalar::Number(value * UNIT)),
            ValueKind::Enumeration(names) if names.values().any(|number| i128::from(*number) == value) => {
                self.check(Scalar::Number(value * UNIT));
            }
            _ => return Err(E::custom(format_args!("invalid value {value}, expected {}", Expected(&self)))),
        }
        Ok(())
    }
}

struct Expected<'a, 'r, 's, 'f>(&'a ValueSeed<'r, 's, 'f>);

impl fmt::Display for Expected<'_, '_, '_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Visitor::expecting(self.0, f)
    }
}

/// Billionths of a second of a text such as `1.5s`.
fn duration(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_suffix('s')? {
        negative if negative.starts_with('-') => (true, &negative[1..]),
        positive => (false, positive),
    };
    let (seconds, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || fraction.len() > 9 || !only_digits(seconds) || !only_digits(fraction) {
        return None;
    }
    let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
    let total = seconds.parse::<i128>().ok()? * UNIT + nanos;
    Some(if negative { -total } else { total })
}
