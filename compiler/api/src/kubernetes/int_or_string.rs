//! Values that Kubernetes accepts as a number or as text.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A number or a name, for example a `targetPort`: `8080`, or `http` for the container port of that name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntOrString {
    /// A YAML number.
    Int(i32),
    /// A YAML string, also one that looks like a number (`"8080"` names a port, it is not port 8080).
    String(String),
}

impl IntOrString {
    /// The port number, if this is a number from 1 to 65535.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Int(number) => u16::try_from(*number).ok().filter(|port| *port != 0),
            Self::String(_) => None,
        }
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::String(text) => text.fmt(f),
        }
    }
}

struct IntOrStringVisitor;

impl Visitor<'_> for IntOrStringVisitor {
    type Value = IntOrString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a string")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<IntOrString, E> {
        i32::try_from(number)
            .map(IntOrString::Int)
            .map_err(|_| E::custom(format_args!("{number} does not fit 32 bits")))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<IntOrString, E> {
        i32::try_from(number)
            .map(IntOrString::Int)
            .map_err(|_| E::custom(format_args!("{number} does not fit 32 bits")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<IntOrString, E> {
        Ok(IntOrString::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<IntOrString, E> {
        Ok(IntOrString::String(text))
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntOrStringVisitor)
    }
}

impl JsonSchema for IntOrString {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "IntOrString".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "x-kubernetes-int-or-string": true })
    }
}

/// An amount of a resource as Kubernetes writes it (`500m`, `0.5`, `1Gi`), kept as the text that was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(pub String);

struct QuantityVisitor;

impl Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount, for example `500m` or `1Gi`")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Quantity, E> {
        Ok(Quantity(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Quantity, E> {
        Ok(Quantity(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Quantity, E> {
        Ok(Quantity(number.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
        Ok(Quantity(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

impl JsonSchema for Quantity {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_number_is_a_name_and_not_a_port() {
        let ports: Vec<IntOrString> = serde_json::from_str(r#"[8080, "8080", 0, 70000]"#).unwrap();
        let numbers: Vec<Option<u16>> = ports.iter().map(IntOrString::port).collect();
        assert_eq!(numbers, [Some(8080), None, None, None]);
    }

    #[test]
    fn a_quantity_may_be_written_as_a_number() {
        let amounts: Vec<Quantity> = serde_json::from_str(r#"[1, 0.5, "500m"]"#).unwrap();
        assert_eq!(amounts, ["1", "0.5", "500m"].map(|text| Quantity(text.to_owned())));
    }

    #[test]
    fn a_boolean_is_no_port() {
        let error = serde_json::from_str::<IntOrString>("true").unwrap_err();
        assert!(error.to_string().contains("expected a number or a string"), "{error}");
    }
}
