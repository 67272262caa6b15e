//! JSON Schemas of the kinds: made from the types, published in `schemas/`, and used to validate input.

mod findings;
mod span_json;
mod tidy;
mod validator;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::Kind;
use crate::kubernetes::ObjectMeta;
use crate::object::Body;

pub(crate) use findings::{Consequences, as_number, as_string};
pub(crate) use validator::{Validators, validate};

/// A schema with the place where it is published.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedSchema {
    /// Path below `schemas/`, as `networking.istio.io/virtualservice_v1.json`.
    pub path: String,
    /// The schema, JSON Schema 2020-12.
    pub schema: Value,
}

/// Schemas of a kind, one for each served version.
pub(crate) fn publish<T: Kind + JsonSchema>(body: Body) -> Vec<PublishedSchema> {
    let folder = if T::GROUP.is_empty() { "core" } else { T::GROUP };
    let versions = T::VERSIONS.iter().map(|version| {
        let api_version =
            if T::GROUP.is_empty() { (*version).to_owned() } else { format!("{}/{version}", T::GROUP) };
        let mut schema = object_schema::<T>(body);
        if let Some(field) = schema.pointer_mut("/properties/apiVersion") {
            field["const"] = api_version.into();
        }
        // Items of a typed list take these two from the list, so that validation does not ask for them.
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.splice(0..0, ["apiVersion".into(), "kind".into()]);
        }
        PublishedSchema { path: format!("{folder}/{}_{version}.json", T::KIND.to_lowercase()), schema }
    });
    versions.collect()
}

/// Schema of a message that is no object of the cluster.
pub(crate) fn publish_message<T: JsonSchema>(path: &str) -> PublishedSchema {
    PublishedSchema { path: path.to_owned(), schema: message_schema::<T>() }
}

/// Schema of whole objects of a kind. Kinds of Istio refuse unknown fields; those of Kubernetes are typed in part and
/// accept them.
pub(crate) fn object_schema<T: Kind + JsonSchema>(body: Body) -> Value {
    let istio = T::GROUP.ends_with("istio.io");
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let content = generator.subschema_for::<T>().to_value();
    let metadata = match istio {
        true => json!({ "type": "object" }),
        false => generator.subschema_for::<ObjectMeta>().to_value(),
    };
    let mut properties = Map::from_iter([
        ("apiVersion".to_owned(), json!({ "type": "string" })),
        ("kind".to_owned(), json!({ "type": "string", "const": T::KIND })),
        ("metadata".to_owned(), metadata),
    ]);
    let mut required = vec!["metadata"];
    let mut definitions = generator.take_definitions(true);
    let mut description = None;
    match body {
        Body::Spec | Body::OptionalSpec => {
            properties.insert("spec".to_owned(), content);
            properties.insert("status".to_owned(), json!({ "type": "object" }));
            if matches!(body, Body::Spec) {
                required.push("spec");
            }
        }
        Body::Object => {
            let own = definitions.remove(&*T::schema_name()).unwrap_or(content);
            description = own.get("description").cloned();
            properties.extend(own.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
        }
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": T::KIND,
        "type": "object",
        "properties": properties,
        "required": required,
        "$defs": definitions,
    });
    if let Some(description) = description {
        schema["description"] = description;
    }
    tidy::tidy(&mut schema, istio);
    schema
}

fn message_schema<T: JsonSchema>() -> Value {
    let generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    tidy::tidy(&mut schema, true);
    schema
}
