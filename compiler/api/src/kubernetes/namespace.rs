//! `Namespace` of the core group.

use schemars::JsonSchema;
use serde::Deserialize;

/// A namespace. All that meshc reads of it are its labels and annotations, which are in the metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Namespace {}
