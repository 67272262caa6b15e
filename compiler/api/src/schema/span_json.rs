//! Documents as the validator reads JSON, so that nothing is copied to validate it.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object};
use meshc_source::{NodeRef, Value};
use serde_json::Number;

/// JSON as documents hold it. A field that is null does not exist, as the API server has it.
pub(super) struct SpanJson;

/// A value: of a document, or a key of a mapping.
#[derive(Clone, Copy)]
pub(super) enum SpanNode<'d> {
    /// A value of a document.
    Value(NodeRef<'d>),
    /// A string that is no value.
    Key(&'d str),
}

/// A mapping of a document.
#[derive(Clone, Copy)]
pub(super) struct SpanObject<'d>(NodeRef<'d>);

/// A list of a document.
#[derive(Clone, Copy)]
pub(super) struct SpanArray<'d>(NodeRef<'d>);

impl Json for SpanJson {
    type Node<'d> = SpanNode<'d>;
    type PreparedKey = String;
    type StringBuffer = ();

    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, act: impl FnOnce(SpanNode<'_>) -> T) -> T {
        act(SpanNode::Key(string))
    }
}

impl<'d> SpanNode<'d> {
    fn value(&self) -> Value<'d> {
        match self {
            Self::Value(node) => node.value(),
            Self::Key(text) => Value::Str(text),
        }
    }
}

impl<'d> Node<'d, SpanJson> for SpanNode<'d> {
    type Object = SpanObject<'d>;
    type Array = SpanArray<'d>;
    type Number = Number;

    fn as_object(&self) -> Option<SpanObject<'d>> {
        match (self, self.value()) {
            (Self::Value(node), Value::Map) => Some(SpanObject(*node)),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<SpanArray<'d>> {
        match (self, self.value()) {
            (Self::Value(node), Value::List) => Some(SpanArray(*node)),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'d, str>> {
        match self.value() {
            Value::Str(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<Number> {
        match self.value() {
            Value::Int(number) => Some(number.into()),
            Value::UInt(number) => Some(number.into()),
            Value::Float(number) => Number::from_f64(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.value() {
            Value::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.value() == Value::Null
    }

    fn json_type(&self) -> JsonType {
        match self.value() {
            Value::Null => JsonType::Null,
            Value::Bool(_) => JsonType::Boolean,
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => JsonType::Number,
            Value::Str(_) => JsonType::String,
            Value::List => JsonType::Array,
            Value::Map => JsonType::Object,
        }
    }

    fn to_value(&self) -> Cow<'d, serde_json::Value> {
        Cow::Owned(match self {
            Self::Value(node) => node.to_value(),
            Self::Key(text) => (*text).into(),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        None
    }
}

impl<'d> SpanObject<'d> {
    fn entries(self) -> impl Iterator<Item = (&'d str, SpanNode<'d>)> {
        let entries = self.0.entries().filter(|entry| !entry.value.is_null());
        entries.map(|entry| (entry.key, SpanNode::Value(entry.value)))
    }
}

impl<'d> Object<'d, SpanJson> for SpanObject<'d> {
    type Node = SpanNode<'d>;
    type MemberName = &'d str;
    type MembersIter = Box<dyn Iterator<Item = (&'d str, SpanNode<'d>)> + 'd>;

    fn len(&self) -> usize {
        self.entries().count()
    }

    fn get(&self, key: &String) -> Option<SpanNode<'d>> {
        self.0.get(key).filter(|node| !node.is_null()).map(SpanNode::Value)
    }

    fn members(&self) -> Self::MembersIter {
        Box::new(self.entries())
    }
}

impl<'d> Array<'d, SpanJson> for SpanArray<'d> {
    type Node = SpanNode<'d>;
    type ElementsIter = Box<dyn Iterator<Item = SpanNode<'d>> + 'd>;

    fn len(&self) -> usize {
        self.0.items().len()
    }

    fn elements(&self) -> Self::ElementsIter {
        Box::new(self.0.items().map(SpanNode::Value))
    }
}
