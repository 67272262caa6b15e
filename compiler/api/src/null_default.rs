//! Explicit nulls. The API server reads `field: null` as if the field were absent.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the default of the type; for `#[serde(default, deserialize_with = "...")]` on lists, maps and flags.
///
/// # Errors
///
/// Those of reading the value.
pub(crate) fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Whether a value is the default of its type; for `skip_serializing_if`, as the JSON of protobuf leaves zeros out.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
