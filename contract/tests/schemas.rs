//! The schemas in `schemas/meshc/` are those of the types.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it misses by failing")]

use std::path::Path;

use meshc_contract::proxy::ProxyConfig;
use meshc_contract::{IdentityRequests, Release};
use schemars::Schema;
use schemars::generate::SchemaSettings;

fn schema<T: schemars::JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>()
}

/// `BLESS=1 cargo test -p meshc-contract --test schemas` writes them.
#[test]
fn schemas_of_meshc_are_current() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/meshc"));
    for (file, schema) in [
        ("identity_requests_v1.json", schema::<IdentityRequests>()),
        ("proxy_v1.json", schema::<ProxyConfig>()),
        ("release_v1.json", schema::<Release>()),
    ] {
        let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(file), &current).unwrap();
        }
        let written = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert_eq!(written, current, "run `BLESS=1 cargo test -p meshc-contract --test schemas`");
    }
}
