//! What is emitted for one proxy, as files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::secrets::{CredentialMount, SdsSecret};
use crate::artifact::{ArtifactPath, Content};
use crate::yaml;

/// A resource, laid out.
pub(super) type Text = Arc<str>;

/// Everything that one proxy is given.
#[derive(Debug, Clone)]
pub struct EmittedProxy {
    pub(super) listeners: Arc<[Text]>,
    pub(super) route_tables: Arc<[Text]>,
    pub(super) clusters: Arc<[Text]>,
    /// The bootstrap up to its static resources.
    pub(super) shell: String,
    pub(super) own_listeners: Arc<[Text]>,
    pub(super) own_clusters: Arc<[Text]>,
    pub(super) secrets: BTreeSet<SdsSecret>,
}

impl EmittedProxy {
    /// The bootstrap and its companion files, by their paths below [`super::CONFIG_DIRECTORY`].
    #[must_use]
    pub fn bootstrap_files(&self) -> BTreeMap<ArtifactPath, Content> {
        let mut bootstrap = Content::new();
        bootstrap.push(self.shell.clone());
        bootstrap.push_fixed(",\n \"staticResources\": {\n  \"listeners\": [\n");
        join(&mut bootstrap, &self.listeners, &self.own_listeners);
        bootstrap.push_fixed("\n  ],\n  \"clusters\": [\n");
        join(&mut bootstrap, &self.clusters, &self.own_clusters);
        bootstrap.push_fixed("\n  ]\n }\n}\n");
        let mut files = BTreeMap::from([(ArtifactPath::new(["bootstrap.json"]), bootstrap)]);
        for secret in &self.secrets {
            let description = serde_json::to_value(secret.description()).unwrap_or_default();
            let path = ArtifactPath::new(secret.path().split('/'));
            files.insert(path, yaml::to_string(&description).into());
        }
        files
    }

    /// The resources of the plan, by the names of their files.
    #[must_use]
    pub fn xds_files(&self) -> BTreeMap<ArtifactPath, Content> {
        let file = |name: &str, elements: &Arc<[Text]>| (ArtifactPath::new([name]), array(elements));
        BTreeMap::from([
            file("listeners.json", &self.listeners),
            file("routes.json", &self.route_tables),
            file("clusters.json", &self.clusters),
        ])
    }

    /// What must be mounted into the proxy beside its configuration and its identity.
    #[must_use]
    pub fn mounts(&self) -> BTreeSet<CredentialMount> {
        self.secrets.iter().filter_map(SdsSecret::mount).collect()
    }

    /// Whether the proxy presents or checks the identity of a workload, so that [`super::IDENTITY_DIRECTORY`] must be mounted.
    #[must_use]
    pub fn uses_identity(&self) -> bool {
        self.secrets.iter().any(SdsSecret::is_identity)
    }
}

/// Lists of a bootstrap: what the plan makes, then what belongs to the process.
fn join(content: &mut Content, planned: &Arc<[Text]>, own: &Arc<[Text]>) {
    content.push_elements(Arc::clone(planned), 3);
    if !planned.is_empty() {
        content.push_fixed(",\n");
    }
    content.push_elements(Arc::clone(own), 3);
}

fn array(elements: &Arc<[Text]>) -> Content {
    let mut content = Content::new();
    if elements.is_empty() {
        content.push_fixed("[]\n");
    } else {
        content.push_fixed("[\n");
        content.push_elements(Arc::clone(elements), 1);
        content.push_fixed("\n]\n");
    }
    content
}
