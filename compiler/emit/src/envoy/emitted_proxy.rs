//! What is emitted for one proxy, as files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::resource_list::{ResourceKind, ResourceList, Text};
use super::secrets::{CONFIG_DIRECTORY, CredentialMount, SdsSecret};
use super::xds::{self, Printed};
use crate::artifact::{ArtifactPath, Content};
use crate::{json, yaml};

/// A route table, printed to stand inside of a connection manager, and laid out to stand alone once that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Table {
    printed: Printed,
    laid_out: Arc<OnceLock<Text>>,
}

impl Table {
    pub(super) fn new(printed: Printed) -> Self {
        Self { printed, laid_out: Arc::default() }
    }

    pub(super) fn printed(&self) -> &Printed {
        &self.printed
    }

    fn text(&self) -> Text {
        Arc::clone(self.laid_out.get_or_init(|| json::layout(self.printed.text()).into()))
    }
}

/// Everything that one proxy is given.
#[derive(Debug, Clone)]
pub struct EmittedProxy {
    /// The listeners that come first, of outbound traffic: other proxies may have the same.
    pub(super) listeners: ResourceList,
    /// The other listeners of the plan.
    pub(super) inbound_listeners: Arc<[Text]>,
    pub(super) route_tables: Vec<Table>,
    /// The clusters that come first, of services: other proxies may have the same.
    pub(super) clusters: ResourceList,
    /// The other clusters of the plan.
    pub(super) special_clusters: Arc<[Text]>,
    /// The bootstrap up to its resources.
    pub(super) shell: Arc<str>,
    pub(super) own_listeners: Arc<[Text]>,
    pub(super) own_clusters: Arc<[Text]>,
    pub(super) secrets: BTreeSet<SdsSecret>,
}

impl EmittedProxy {
    /// The bootstrap and its companion files, by their paths below [`super::CONFIG_DIRECTORY`].
    #[must_use]
    pub fn bootstrap_files(&self) -> BTreeMap<ArtifactPath, Content> {
        self.files_without(&[])
    }

    /// The same, but for lists that the proxy reads from files of their own: `listeners.json` and `clusters.json` beside the
    /// bootstrap, which are not among the files.
    ///
    /// Envoy reads the file of clusters before that of listeners, and takes no connection before it has read both. It must be
    /// started with `--reject-unknown-dynamic-fields` to be as strict about them as about the bootstrap.
    #[must_use]
    pub fn files_without(&self, moved: &[ResourceKind]) -> BTreeMap<ArtifactPath, Content> {
        let here = |list: &ResourceList| match moved.contains(&list.kind()) {
            true => Arc::default(),
            false => Arc::clone(list.texts()),
        };
        let mut bootstrap = Content::new();
        bootstrap.push(Arc::clone(&self.shell));
        if !moved.is_empty() {
            bootstrap.push(dynamic_resources(moved));
        }
        bootstrap.push_fixed(",\n \"staticResources\": {\n  \"listeners\": [\n");
        let listeners = here(&self.listeners);
        join(&mut bootstrap, &[&listeners, &self.inbound_listeners, &self.own_listeners], 3);
        bootstrap.push_fixed("\n  ],\n  \"clusters\": [\n");
        let clusters = here(&self.clusters);
        join(&mut bootstrap, &[&clusters, &self.special_clusters, &self.own_clusters], 3);
        bootstrap.push_fixed("\n  ]\n }\n}\n");
        let mut files = BTreeMap::from([(ArtifactPath::new(["bootstrap.json"]), bootstrap)]);
        for secret in &self.secrets {
            let description = serde_json::to_value(secret.description()).unwrap_or_default();
            let path = ArtifactPath::new(secret.path().split('/'));
            files.insert(path, yaml::to_string(&description).into());
        }
        files
    }

    /// The lists that other proxies may have too.
    #[must_use]
    pub fn lists(&self) -> [&ResourceList; 2] {
        [&self.clusters, &self.listeners]
    }

    /// The resources of the plan, by the names of their files.
    #[must_use]
    pub fn xds_files(&self) -> BTreeMap<ArtifactPath, Content> {
        let file = |name: &str, elements: [&Arc<[Text]>; 2]| (ArtifactPath::new([name]), array(elements));
        BTreeMap::from([
            file("listeners.json", [self.listeners.texts(), &self.inbound_listeners]),
            file("routes.json", [&self.route_tables.iter().map(Table::text).collect(), &Arc::default()]),
            file("clusters.json", [self.clusters.texts(), &self.special_clusters]),
        ])
    }

    /// What must be mounted into the proxy beside its configuration and its identity.
    #[must_use]
    pub fn mounts(&self) -> BTreeSet<CredentialMount> {
        self.secrets.iter().filter_map(SdsSecret::mount).collect()
    }

    /// Names of key material that only a provider could hand out (`sds://vault`), sorted. No file stands for it.
    #[must_use]
    pub fn providers(&self) -> BTreeSet<&str> {
        self.secrets.iter().filter_map(SdsSecret::provider).collect()
    }

    /// Whether the proxy presents or checks the identity of a workload, so that [`super::IDENTITY_DIRECTORY`] must be mounted.
    #[must_use]
    pub fn uses_identity(&self) -> bool {
        self.secrets.iter().any(SdsSecret::is_identity)
    }
}

/// Where Envoy reads lists from, as a member of the bootstrap.
fn dynamic_resources(moved: &[ResourceKind]) -> String {
    let source = |kind: ResourceKind| {
        let path = format!("{CONFIG_DIRECTORY}/{}", kind.file_name());
        moved.contains(&kind).then_some(xds::ConfigSource {
            path_config_source: Some(xds::PathConfigSource { path }),
            resource_api_version: "V3",
        })
    };
    let resources = xds::DynamicResources {
        lds_config: source(ResourceKind::Listeners),
        cds_config: source(ResourceKind::Clusters),
    };
    let member = xds::Bootstrap { dynamic_resources: Some(resources), ..xds::Bootstrap::default() };
    let laid_out = json::layout(Printed::of(&member).text());
    let member = laid_out.trim_start_matches('{').trim_end_matches('}').trim();
    format!(",\n {member}")
}

/// One list of several.
fn join(content: &mut Content, lists: &[&Arc<[Text]>], indent: usize) {
    let mut lists = lists.iter().filter(|list| !list.is_empty());
    if let Some(first) = lists.next() {
        content.push_elements(Arc::clone(first), indent);
    }
    for list in lists {
        content.push_fixed(",\n");
        content.push_elements(Arc::clone(list), indent);
    }
}

fn array(lists: [&Arc<[Text]>; 2]) -> Content {
    let mut content = Content::new();
    if lists.iter().all(|list| list.is_empty()) {
        content.push_fixed("[]\n");
    } else {
        content.push_fixed("[\n");
        join(&mut content, &lists, 1);
        content.push_fixed("\n]\n");
    }
    content
}
