//! Messages as a reader of protojson needs them, made of descriptors when a message is first seen.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

use super::rules::{self, Rule, Rules};

/// Messages by name.
pub(super) struct Schemas {
    pool: DescriptorPool,
    known: RefCell<BTreeMap<String, Arc<MessageSchema>>>,
}

/// One message.
pub(super) struct MessageSchema {
    pub(super) fields: Vec<FieldSchema>,
    by_name: BTreeMap<String, usize>,
    /// Names of oneofs, and whether one member of each must be set.
    pub(super) oneofs: Vec<(String, bool)>,
}

/// One field.
pub(super) struct FieldSchema {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) kind: ValueKind,
    pub(super) rules: Rules,
    /// Index of the oneof that it is a member of.
    pub(super) oneof: Option<usize>,
    /// What is wrong when it is not there.
    pub(super) absence: Option<String>,
}

/// How many values a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Single,
    List,
    Map,
}

/// What protojson writes for a value.
pub(super) enum ValueKind {
    Bool,
    Integer,
    Float,
    Text,
    Bytes,
    Enumeration(BTreeMap<String, i32>),
    Duration,
    Any,
    /// `google.protobuf.Struct` and the like: any JSON.
    Json,
    Message(MessageDescriptor, OnceLock<Arc<MessageSchema>>),
}

impl Schemas {
    pub(super) fn new(pool: DescriptorPool) -> Self {
        Self { pool, known: RefCell::default() }
    }

    /// The message of that name, if there is one.
    pub(super) fn by_name(&self, name: &str) -> Option<Arc<MessageSchema>> {
        if let Some(known) = self.known.borrow().get(name) {
            return Some(Arc::clone(known));
        }
        let schema = Arc::new(MessageSchema::new(&self.pool.get_message_by_name(name)?));
        self.known.borrow_mut().insert(name.to_owned(), Arc::clone(&schema));
        Some(schema)
    }

    /// The message that a field holds.
    pub(super) fn of_field(
        &self,
        descriptor: &MessageDescriptor,
        cell: &OnceLock<Arc<MessageSchema>>,
    ) -> Arc<MessageSchema> {
        let make = || {
            self.by_name(descriptor.full_name()).unwrap_or_else(|| Arc::new(MessageSchema::new(descriptor)))
        };
        Arc::clone(cell.get_or_init(make))
    }
}

impl MessageSchema {
    fn new(descriptor: &MessageDescriptor) -> Self {
        // Proto3's `optional` makes a oneof of one member, which is none to a reader.
        let oneofs: Vec<_> = descriptor.oneofs().filter(|oneof| !oneof.is_synthetic()).collect();
        let fields: Vec<FieldSchema> = descriptor
            .fields()
            .map(|field| {
                let of = field.containing_oneof();
                let oneof = of.and_then(|of| oneofs.iter().position(|oneof| oneof.name() == of.name()));
                FieldSchema::new(&field, oneof)
            })
            .collect();
        let mut by_name = BTreeMap::new();
        for (index, field) in descriptor.fields().enumerate() {
            by_name.insert(field.name().to_owned(), index);
            by_name.insert(field.json_name().to_owned(), index);
        }
        let oneofs =
            oneofs.iter().map(|oneof| (oneof.name().to_owned(), rules::is_required(oneof))).collect();
        Self { fields, by_name, oneofs }
    }

    /// The index of a field by its name in JSON or in the .proto file.
    pub(super) fn field(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

impl FieldSchema {
    fn new(field: &FieldDescriptor, oneof: Option<usize>) -> Self {
        let (shape, kind) = if field.is_map() {
            let entry = match field.kind() {
                Kind::Message(entry) => Some(entry),
                _ => None,
            };
            let value = entry.and_then(|entry| entry.get_field_by_name("value"));
            (Shape::Map, value.map_or(ValueKind::Json, |value| ValueKind::of(&value.kind())))
        } else {
            let shape = if field.is_list() { Shape::List } else { Shape::Single };
            (shape, ValueKind::of(&field.kind()))
        };
        let rules = Rules::of(field);
        // Rules hold for scalars that are absent too, since absent means zero; but not for what knows that it is absent.
        let absence = if oneof.is_some() {
            None
        } else if field.supports_presence() {
            rules.has(&Rule::Required).then(|| "is required".to_owned())
        } else {
            rules.breach_of_default(shape, &kind)
        };
        Self { name: field.name().to_owned(), shape, kind, rules, oneof, absence }
    }
}

impl ValueKind {
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool,
            Kind::Double | Kind::Float => Self::Float,
            Kind::String => Self::Text,
            Kind::Bytes => Self::Bytes,
            Kind::Enum(enumeration) => Self::Enumeration(
                enumeration.values().map(|value| (value.name().to_owned(), value.number())).collect(),
            ),
            Kind::Message(message) => Self::of_message(message),
            _ => Self::Integer,
        }
    }

    fn of_message(message: &MessageDescriptor) -> Self {
        match message.full_name() {
            "google.protobuf.Any" => Self::Any,
            "google.protobuf.Duration" => Self::Duration,
            "google.protobuf.Struct" | "google.protobuf.Value" | "google.protobuf.ListValue" => Self::Json,
            "google.protobuf.BoolValue" => Self::Bool,
            "google.protobuf.StringValue" => Self::Text,
            "google.protobuf.BytesValue" => Self::Bytes,
            "google.protobuf.DoubleValue" | "google.protobuf.FloatValue" => Self::Float,
            "google.protobuf.UInt32Value"
            | "google.protobuf.UInt64Value"
            | "google.protobuf.Int32Value"
            | "google.protobuf.Int64Value" => Self::Integer,
            _ => Self::Message(message.clone(), OnceLock::new()),
        }
    }
}
