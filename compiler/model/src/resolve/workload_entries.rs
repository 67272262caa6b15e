//! WorkloadEntries: endpoints that are not pods (translation-spec §0.3).

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_api::ResourceSet;
use meshc_api::istio;
use meshc_api::mesh_config::MeshConfig;
use meshc_contract::SpiffeId;

use super::surroundings::{augmented, stated_locality};
use crate::labels::Labels;
use crate::{EndpointFact, EndpointPlace, Options};

/// A WorkloadEntry object.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    /// Labels of the object and of its `spec`.
    pub(super) labels: Labels,
    pub(super) spec: &'a istio::WorkloadEntry,
}

/// All WorkloadEntries by namespace and name.
pub(super) fn collect(resources: &ResourceSet) -> Vec<Entry<'_>> {
    let mut objects: Vec<_> = resources.workload_entries.iter().collect();
    objects.sort_by_key(|object| (object.namespace(), object.name()));
    objects
        .into_iter()
        .map(|object| {
            let mut labels = object.spec.labels.clone();
            labels.extend(object.meta.labels.clone());
            Entry { namespace: object.namespace(), name: object.name(), labels, spec: &object.spec }
        })
        .collect()
}

/// Makes endpoints of WorkloadEntries.
pub(super) struct Endpoints<'a> {
    pub(super) config: &'a MeshConfig,
    pub(super) options: &'a Options,
}

impl Endpoints<'_> {
    /// The endpoint of an object, without ports.
    pub(super) fn of_entry(&self, entry: &Entry<'_>) -> EndpointFact {
        self.fact(entry.namespace, entry.name.to_owned(), &entry.labels, entry.spec)
    }

    /// The endpoint of an entry of a name in a namespace, without ports.
    pub(super) fn fact(
        &self,
        namespace: &str,
        name: String,
        labels: &Labels,
        spec: &istio::WorkloadEntry,
    ) -> EndpointFact {
        let account = spec.service_account.clone().filter(|account| !account.is_empty());
        let locality =
            spec.locality.clone().filter(|text| !text.is_empty()).or_else(|| stated_locality(labels));
        let mode = labels.get("security.istio.io/tlsMode");
        let cluster = self.options.cluster_id.as_str();
        EndpointFact {
            place: place(spec.address.as_deref().unwrap_or_default()),
            ports: BTreeMap::new(),
            labels: augmented(labels, locality.as_deref(), spec.network.as_deref(), cluster),
            mtls: mode.map_or(account.is_some(), |mode| mode == "istio"),
            identity: account.map(|service_account| SpiffeId {
                trust_domain: self.config.trust_domain.clone(),
                namespace: namespace.to_owned(),
                service_account,
            }),
            locality,
            weight: spec.weight,
            ready: true,
            replicas: Some(1),
            network: spec.network.clone().filter(|network| !network.is_empty()),
            namespace: namespace.to_owned(),
            workload_name: Some(name),
        }
    }
}

/// Where an address is. An empty one is that of an entry behind a network gateway.
pub(super) fn place(address: &str) -> EndpointPlace {
    if let Some(path) = address.strip_prefix("unix://") {
        return EndpointPlace::Unix(path.to_owned());
    }
    match address.parse::<IpAddr>() {
        Ok(address) => EndpointPlace::Ip(address),
        Err(_) => EndpointPlace::Name(address.to_owned()),
    }
}
