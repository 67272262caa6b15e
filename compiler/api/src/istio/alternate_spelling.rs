//! Fields that the published schemas know by two names.

use schemars::{Schema, transform::Transform};

/// Adds a second name of a field to the schema of a type. The type itself reads it with `#[serde(alias)]`.
pub(super) struct AlternateSpelling {
    /// Name of the field that has the schema.
    pub(super) field: &'static str,
    /// Its other name.
    pub(super) spelling: &'static str,
}

impl Transform for AlternateSpelling {
    fn transform(&mut self, schema: &mut Schema) {
        let Some(properties) = schema.get_mut("properties").and_then(|properties| properties.as_object_mut())
        else {
            return;
        };
        if let Some(field) = properties.get(self.field).cloned() {
            properties.insert(self.spelling.to_owned(), field);
        }
    }
}
