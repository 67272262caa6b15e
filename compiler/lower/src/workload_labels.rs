//! What Istio's metrics say of a workload (Istio's standard metrics; `istio/pkg/model` for the canonical names).

use std::sync::Arc;

use meshc_model::{EndpointFact, EndpointPlace, Mesh, Workload};
use meshc_plan::WorkloadLabels;

/// Labels of a workload.
pub(crate) fn of(mesh: &Mesh, workload: &Workload) -> WorkloadLabels {
    let label = |keys: &[&str]| keys.iter().find_map(|key| workload.labels.get(*key)).cloned();
    let name = workload.workload_name();
    WorkloadLabels {
        workload: name.to_owned(),
        namespace: workload.namespace().to_owned(),
        app: label(&["app"]).unwrap_or_default(),
        version: label(&["version"]).unwrap_or_default(),
        canonical_service: label(&["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"])
            .unwrap_or_else(|| name.to_owned()),
        canonical_revision: label(&[
            "service.istio.io/canonical-revision",
            "app.kubernetes.io/version",
            "version",
        ])
        .unwrap_or_else(|| "latest".to_owned()),
        cluster: mesh.options.cluster_id.clone(),
        // Without a proxy it presents no identity.
        principal: workload.proxy.map(|_| workload.identity.to_string()).unwrap_or_default(),
    }
}

/// Labels of the workload that endpoints are of, where it is one only.
pub(crate) fn only<'f>(
    mesh: &Mesh,
    mut endpoints: impl Iterator<Item = &'f EndpointFact>,
) -> Option<Arc<WorkloadLabels>> {
    let place = &endpoints.next()?.place;
    let EndpointPlace::Workload(reference) = place else { return None };
    if endpoints.any(|other| other.place != *place) {
        return None;
    }
    mesh.workloads.get(reference).map(|workload| Arc::new(of(mesh, workload)))
}
