//! What is emitted for one proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::key_material::Needs;
use crate::artifact::{ArtifactPath, Content};
use crate::envoy::CredentialMount;

/// Name of the configuration.
pub const CONFIG_FILE: &str = "proxy.json";

/// Everything that one proxy is given.
#[derive(Debug, Clone)]
pub struct EmittedConfig {
    /// The start of the object, up to its listeners.
    pub(super) head: String,
    pub(super) listeners: Arc<[Arc<str>]>,
    /// Entries of mappings, with their keys.
    pub(super) route_tables: Arc<[Arc<str>]>,
    pub(super) upstreams: Arc<[Arc<str>]>,
    pub(super) peers: Arc<[Arc<str>]>,
    pub(super) needs: Needs,
}

impl EmittedConfig {
    /// The configuration, by its path below [`crate::envoy::CONFIG_DIRECTORY`].
    #[must_use]
    pub fn files(&self) -> BTreeMap<ArtifactPath, Content> {
        let Self { head, listeners, route_tables, upstreams, peers, needs: _ } = self;
        let mut content = Content::new();
        content.push(head.clone());
        content.push_fixed("\n \"listeners\": [");
        elements(&mut content, listeners);
        content.push_fixed("]");
        for (start, entries) in [
            (",\n \"routeTables\": {", route_tables),
            (",\n \"upstreams\": {", upstreams),
            (",\n \"peers\": {", peers),
        ] {
            if !entries.is_empty() {
                content.push_fixed(start);
                elements(&mut content, entries);
                content.push_fixed("}");
            }
        }
        content.push_fixed("\n}\n");
        BTreeMap::from([(ArtifactPath::new([CONFIG_FILE]), content)])
    }

    /// What must be mounted into the proxy beside its configuration and its identity.
    #[must_use]
    pub fn mounts(&self) -> BTreeSet<CredentialMount> {
        self.needs.mounts.clone()
    }

    /// Whether the proxy presents or checks the identity of a workload.
    #[must_use]
    pub fn uses_identity(&self) -> bool {
        self.needs.identity
    }
}

fn elements(content: &mut Content, elements: &Arc<[Arc<str>]>) {
    if !elements.is_empty() {
        content.push_fixed("\n");
        content.push_elements(Arc::clone(elements), 2);
        content.push_fixed("\n ");
    }
}
