//! What schemars makes of a type becomes what people and the validator want to read.

use serde_json::{Map, Value, json};

/// Puts a schema in order, with all schemas in it:
///
/// * Null is no value of its own: the API server takes a null field as absent.
/// * The values of an enumeration are one list, with their descriptions beside it.
/// * Descriptions are paragraphs, not lines.
/// * Where `closed` is set, objects with known fields have no others.
pub(super) fn tidy(schema: &mut Value, closed: bool) {
    let Value::Object(schema) = schema else { return };
    drop_null(schema);
    list_values(schema);
    join_lines(schema);
    if closed && schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    for keyword in ["properties", "$defs", "patternProperties"] {
        for inner in
            schema.get_mut(keyword).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
        {
            tidy(inner, closed);
        }
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(keyword) {
            tidy(inner, closed);
        }
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        for inner in schema.get_mut(keyword).and_then(Value::as_array_mut).into_iter().flatten() {
            tidy(inner, closed);
        }
    }
}

fn drop_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let Some(Value::Array(options)) = schema.get_mut("anyOf") else { return };
    options.retain(|option| option.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = &options[..] {
        let only = only.clone();
        schema.remove("anyOf");
        for (keyword, value) in only {
            schema.entry(keyword).or_insert(value);
        }
    }
}

fn list_values(schema: &mut Map<String, Value>) {
    let Some(Value::Array(options)) = schema.get("oneOf") else { return };
    let mut values = Vec::new();
    let mut descriptions = Vec::new();
    for option in options {
        let description = option.get("description").cloned().unwrap_or_default();
        if let Some(value) = option.get("const") {
            values.push(value.clone());
            descriptions.push(description);
        } else if let Some(Value::Array(several)) = option.get("enum") {
            descriptions.resize(descriptions.len() + several.len(), description);
            values.extend(several.iter().cloned());
        } else {
            return;
        }
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), values.into());
    if descriptions.iter().all(Value::is_string) {
        schema.insert("enumDescriptions".to_owned(), descriptions.into());
    }
}

fn join_lines(schema: &mut Map<String, Value>) {
    for keyword in ["description", "enumDescriptions"] {
        match schema.get_mut(keyword) {
            Some(Value::String(text)) => *text = paragraphs(text),
            Some(Value::Array(texts)) => {
                for text in texts {
                    *text = text.as_str().map(paragraphs).into();
                }
            }
            _ => {}
        }
    }
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(mut schema: Value) -> Value {
        tidy(&mut schema, true);
        schema
    }

    #[test]
    fn an_optional_message_refers_to_the_message() {
        let schema = json!({"description": "a\nb\n\nc", "anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]});
        assert_eq!(tidied(schema), json!({"description": "a b\n\nc", "$ref": "#/$defs/A"}));
        assert_eq!(tidied(json!({"type": ["string", "null"]})), json!({"type": "string"}));
    }

    #[test]
    fn the_values_of_an_enumeration_are_one_list() {
        let schema = json!({"oneOf": [{"const": "A", "type": "string", "description": "a"},
            {"const": "B", "type": "string", "description": "b"}]});
        assert_eq!(
            tidied(schema),
            json!({"type": "string", "enum": ["A", "B"], "enumDescriptions": ["a", "b"]})
        );
    }

    #[test]
    fn objects_with_known_fields_have_no_others() {
        let schema =
            json!({"properties": {"map": {"type": "object", "additionalProperties": {"properties": {}}}}});
        assert_eq!(
            tidied(schema),
            json!({"additionalProperties": false, "properties": {
                "map": {"type": "object", "additionalProperties": {"properties": {}, "additionalProperties": false}}}})
        );
    }
}
