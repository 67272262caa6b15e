//! Resources of one kind that a proxy is given, in order, and the file that holds them where they do not stand in a bootstrap.
//!
//! Proxies that are given the same have the same list, which is what lets them share one file.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::artifact::Content;
use crate::json;

/// A resource, laid out.
pub(super) type Text = Arc<str>;

/// A list of resources.
#[derive(Debug, Clone)]
pub struct ResourceList(Arc<List>);

#[derive(Debug)]
struct List {
    kind: ResourceKind,
    texts: Arc<[Text]>,
    bytes: usize,
}

/// The kinds of resources that Envoy can read from a file of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// Listeners.
    Listeners,
    /// Clusters.
    Clusters,
}

impl ResourceKind {
    /// The name of their file.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Listeners => "listeners.json",
            Self::Clusters => "clusters.json",
        }
    }

    /// The word that people use for them.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Listeners => "listeners",
            Self::Clusters => "clusters",
        }
    }

    /// What stands first in a resource of a file: its type.
    const fn typed(self) -> &'static str {
        match self {
            Self::Listeners => r#""@type": "type.googleapis.com/envoy.config.listener.v3.Listener","#,
            Self::Clusters => r#""@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster","#,
        }
    }
}

impl ResourceList {
    pub(super) fn new(kind: ResourceKind, texts: Arc<[Text]>) -> Self {
        let bytes = texts.iter().map(|text| text.len()).sum();
        Self(Arc::new(List { kind, texts, bytes }))
    }

    pub(super) fn texts(&self) -> &Arc<[Text]> {
        &self.0.texts
    }

    /// The kind of the resources.
    #[must_use]
    pub fn kind(&self) -> ResourceKind {
        self.0.kind
    }

    /// Number of bytes of all resources, as they are laid out.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }

    /// Where it is in memory, which tells lists apart: emitters make a list once.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// The file that Envoy reads the list from: laid out to be read by people where that has at most `room` bytes, else with a
    /// resource a line and no space where JSON needs none.
    #[must_use]
    pub fn file(&self, room: usize) -> Content {
        let mut content = Content::new();
        content.push(format!("{{\n \"versionInfo\": \"{}\",\n \"resources\": [\n", self.digest()));
        let mut end = "\n ]\n}\n";
        content.push_members(Arc::clone(&self.0.texts), 2, self.0.kind.typed());
        if content.size() + end.len() > room {
            content = Content::new();
            content.push(format!("{{\"versionInfo\":\"{}\",\"resources\":[\n", self.digest()));
            let dense = self.0.texts.iter().map(|text| json::dense(text).into()).collect();
            content.push_members(dense, 0, self.0.kind.typed());
            end = "\n]}\n";
        }
        content.push_fixed(end);
        content
    }

    /// Digest of the resources, which Envoy reports as the version of what it has read.
    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for text in self.0.texts.iter() {
            hash.update(text.as_bytes());
            hash.update([0]);
        }
        let start: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{start}")
    }
}
