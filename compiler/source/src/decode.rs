//! Values into Rust types through serde, with the place of what does not fit.

mod key;
mod wording;

use std::fmt;

use meshc_diagnostics::Span;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use self::key::Key;
use crate::path::{push_index, push_key};
use crate::{Entry, NodeRef, Value};

/// Why a value does not fit a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// What is wrong: "unknown field `timeOut`, expected …".
    pub message: String,
    /// The scalar or key that is wrong.
    pub span: Span,
    /// The field, as `spec.http[0].timeOut`; empty for the object itself.
    pub path: String,
}

/// Reads a node, whose key and path are given, into a type.
pub(crate) fn decode<T: DeserializeOwned>(
    node: NodeRef<'_>,
    key: Option<Span>,
    path: String,
) -> Result<T, DecodeError> {
    T::deserialize(Decoder { node, key }).map_err(|Error { message, span, steps }| {
        let mut path = path;
        for step in steps.into_iter().rev() {
            match step {
                Step::Key(key) => push_key(&mut path, &key),
                Step::Index(index) => push_index(&mut path, index),
            }
        }
        DecodeError { message, span: span.unwrap_or_else(|| node.headline()), path }
    })
}

/// An error on its way up to the root; the innermost step comes first.
#[derive(Debug)]
struct Error {
    message: String,
    span: Option<Span>,
    steps: Vec<Step>,
}

/// A step of the path to where it happened.
#[derive(Debug)]
enum Step {
    Key(Box<str>),
    Index(usize),
}

impl Error {
    fn within_key(mut self, key: &str) -> Self {
        self.steps.push(Step::Key(key.into()));
        self
    }

    fn within_item(mut self, index: usize) -> Self {
        self.steps.push(Step::Index(index));
        self
    }

    fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), span: None, steps: Vec::new() }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(wording::mismatch(&found, expected))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(wording::not_one_of(variant, expected))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(wording::mismatch(&found, expected))
    }
}

/// Deserializer of one node. The key is shown for what has no short place itself.
#[derive(Clone, Copy)]
struct Decoder<'d> {
    node: NodeRef<'d>,
    key: Option<Span>,
}

impl<'d> Decoder<'d> {
    /// The place of this node for an error that has none yet.
    fn place(self) -> Span {
        let span = self.node.span();
        match self.node.value() {
            Value::Map | Value::List => self.key.unwrap_or_else(|| self.node.headline()),
            _ if span.start == span.end => self.key.unwrap_or(span),
            _ => span,
        }
    }

    fn entries<V: Visitor<'d>>(self, visitor: V, skip_null: bool) -> Result<V::Value, Error> {
        let rest = self.node.entries().filter(move |entry| !(skip_null && entry.value.is_null()));
        visitor.visit_map(Entries { rest, current: None })
    }
}

impl<'de> de::Deserializer<'de> for Decoder<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match self.node.value() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(value) => visitor.visit_i64(value),
            Value::UInt(value) => visitor.visit_u64(value),
            Value::Float(value) => visitor.visit_f64(value),
            Value::Str(text) => visitor.visit_borrowed_str(text),
            Value::List => visitor.visit_seq(Items { rest: self.node.items().enumerate() }),
            Value::Map => self.entries(visitor, false),
        };
        result.map_err(|error| error.or_at(self.place()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// A field that is null counts as absent, as Go's JSON decoder has it, and a null struct as an empty one.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.node.value() {
            Value::Map | Value::Null => {
                self.entries(visitor, true).map_err(|error: Error| error.or_at(self.place()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    /// A null string, which only lists and maps can hold by now, is the empty string, as in Go.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value() {
            Value::Null => visitor.visit_borrowed_str("").map_err(|error: Error| error.or_at(self.place())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self).map_err(|error: Error| error.or_at(self.place()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut entries = self.node.entries();
        let result = match (self.node.value(), entries.next(), entries.len()) {
            (Value::Str(text), _, _) => {
                visitor.visit_enum(IntoDeserializer::<Error>::into_deserializer(text))
            }
            (Value::Map, Some(entry), 0) => visitor.visit_enum(Variant { entry }),
            _ => Err(de::Error::custom("expected a name, or a mapping with exactly one key")),
        };
        result.map_err(|error| error.or_at(self.place()))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

struct Items<I> {
    rest: I,
}

impl<'de, I: Iterator<Item = (usize, NodeRef<'de>)>> SeqAccess<'de> for Items<I> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((index, node)) = self.rest.next() else { return Ok(None) };
        let value = seed.deserialize(Decoder { node, key: None });
        value.map(Some).map_err(|error| error.or_at(node.headline()).within_item(index))
    }

    fn size_hint(&self) -> Option<usize> {
        self.rest.size_hint().1
    }
}

struct Entries<'d, I> {
    rest: I,
    current: Option<Entry<'d>>,
}

impl<'de, I: Iterator<Item = Entry<'de>>> MapAccess<'de> for Entries<'de, I> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.rest.next();
        let Some(entry) = &self.current else { return Ok(None) };
        let key = seed.deserialize(Key(entry.key));
        key.map(Some).map_err(|error| error.or_at(entry.key_span).within_key(entry.key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some(Entry { key, key_span, value }) = self.current.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(Decoder { node: value, key: Some(key_span) })
            .map_err(|error| error.or_at(key_span).within_key(key))
    }

    fn size_hint(&self) -> Option<usize> {
        self.rest.size_hint().1
    }
}

/// An enum variant with content: a mapping of its name to it.
struct Variant<'d> {
    entry: Entry<'d>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Decoder<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Decoder<'de>), Error> {
        let Entry { key, key_span, value } = self.entry;
        let name = seed.deserialize(Key(key));
        let name = name.map_err(|error| error.or_at(key_span).within_key(key))?;
        Ok((name, Decoder { node: value, key: Some(key_span) }))
    }
}

impl<'de> VariantAccess<'de> for Decoder<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if self.node.is_null() { Ok(()) } else { Err(de::Error::custom("this name takes no content")) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        de::Deserializer::deserialize_any(self, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        de::Deserializer::deserialize_struct(self, "", &[], visitor)
    }
}
