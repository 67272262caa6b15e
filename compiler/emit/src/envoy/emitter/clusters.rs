//! Clusters of proxies: each printed once, and each list of those of services.

use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_diagnostics::Diagnostics;
use meshc_plan::Upstream;

use super::Emitter;
use crate::envoy::check::Kind;
use crate::envoy::references::{ServiceList, UsedUpstreams};
use crate::envoy::resource_list::{ResourceKind, ResourceList, Text};
use crate::envoy::secrets::{self, SdsSecret};
use crate::envoy::xds::Printed;
use crate::envoy::{cluster, findings, names};
use crate::json;

/// Clusters of services, and whether they are all of the list or those in use.
pub(super) type ClusterListKey<'p> = (ServiceList<'p>, bool);

/// Clusters of services, printed, and the secrets that they need.
#[derive(Clone)]
pub(super) struct ClusterList {
    pub(super) list: ResourceList,
    pub(super) secrets: Arc<BTreeSet<SdsSecret>>,
}

impl<'p> Emitter<'p> {
    /// The list of the clusters of services.
    pub(super) fn service_clusters(
        &mut self,
        list: ServiceList<'p>,
        upstreams: &'p [Arc<Upstream>],
        used: Option<&UsedUpstreams<'p>>,
        diagnostics: &mut Diagnostics,
    ) -> ClusterList {
        let key = (list, used.is_some());
        if let Some(known) = self.cluster_lists.get(&key) {
            return known.clone();
        }
        let names = used.and_then(|used| used.of_list(&key.0));
        let in_use = |upstream: &&'p Arc<Upstream>| names.is_none_or(|names| names.contains(&upstream.name));
        let mut secrets = BTreeSet::new();
        let texts = upstreams
            .iter()
            .filter(in_use)
            .map(|upstream| self.cluster(upstream, &mut secrets, diagnostics))
            .collect();
        let made = ClusterList {
            list: ResourceList::new(ResourceKind::Clusters, texts),
            secrets: Arc::new(secrets),
        };
        self.cluster_lists.insert(key, made.clone());
        made
    }

    pub(super) fn cluster(
        &mut self,
        upstream: &'p Arc<Upstream>,
        secrets: &mut BTreeSet<SdsSecret>,
        diagnostics: &mut Diagnostics,
    ) -> Text {
        let id = Arc::as_ptr(upstream).addr();
        if let Some((text, needed)) = self.clusters.get(&id) {
            secrets.extend(needed.iter().cloned());
            return Arc::clone(text);
        }
        let printed = Printed::of(&cluster::cluster(upstream, &self.options));
        self.check(
            Kind::Cluster,
            &names::upstream(&upstream.name),
            printed.text(),
            &upstream.origin,
            diagnostics,
        );
        findings::left_out(upstream, &self.options, diagnostics);
        let text: Text = json::layout(printed.text()).into();
        let needed = secrets::of_upstream(upstream);
        secrets.extend(needed.iter().cloned());
        self.clusters.insert(id, (Arc::clone(&text), needed));
        text
    }
}
