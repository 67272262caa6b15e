//! Hardware that does private key operations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;

/// Hardware that does private key operations. Exactly one is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct PrivateKeyProvider {
    /// Intel AVX-512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cryptomb: Option<PrivateKeyAccelerator>,
    /// Intel QuickAssist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qat: Option<PrivateKeyAccelerator>,
}

/// One accelerator.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PrivateKeyAccelerator {
    /// How long operations are gathered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_delay: Option<Duration>,
    /// Whether software does it where the hardware is missing. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<bool>,
}
