//! Generated Services whose names resolve to the pods of a service or of a subset of it (dataplane.md §1.4).

use meshc_contract::ObjectRef;
use meshc_contract::metadata::{MESH_LABEL, SERVICE_LABEL, SOURCE_ANNOTATION, SUBSET_LABEL};
use meshc_diagnostics::Origin;
use meshc_plan::{HeadlessService, Manifests};
use serde_json::json;

use super::name;
use super::tree::Entry;
use crate::yaml;

/// The object of a generated Service. Nothing of the original Service is copied: its labels and annotations may make others act
/// on it, such as a load balancer or a scraper.
pub(super) fn entry(service: &HeadlessService, manifests: &Manifests) -> Entry {
    let HeadlessService { namespace, name: own_name, selector, service: original, subset, origin } = service;
    let in_cluster = format!(".{}.svc.{}", original.namespace, manifests.domain);
    let short = original.host.strip_suffix(&in_cluster).unwrap_or(&original.host);
    let mesh = name::label_value(&manifests.mesh);
    let mut labels = json!({
        "app.kubernetes.io/managed-by": "meshc",
        "app.kubernetes.io/part-of": mesh,
        "app.kubernetes.io/component": "discovery",
        MESH_LABEL: mesh,
        SERVICE_LABEL: name::label_value(short),
    });
    if let Some(subset) = subset {
        labels[SUBSET_LABEL] = name::label_value(subset).into();
    }
    let value = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": own_name,
            "namespace": namespace,
            "labels": labels,
            "annotations": {
                // A name that does not exist yet takes all endpoints from the proxies that ask for it.
                "argocd.argoproj.io/sync-wave": "-10",
                SOURCE_ANNOTATION: source(origin, subset.as_deref()),
            },
        },
        "spec": {
            "clusterIP": "None",
            "ipFamilies": ["IPv4"],
            "publishNotReadyAddresses": false,
            "selector": selector,
        },
    });
    let object = ObjectRef {
        group: String::new(),
        kind: "Service".to_owned(),
        namespace: namespace.clone(),
        name: own_name.clone(),
    };
    let file = manifests.file(origin).unwrap_or_default().to_owned();
    Entry { object, api_version: "v1".to_owned(), source: file, content: yaml::to_string(&value).into() }
}

/// What asks for the Service, as `destinationrule/default/reviews#v2`.
fn source(origin: &Origin, subset: Option<&str>) -> String {
    match origin {
        Origin::Declared { object: ObjectRef { group: _, kind, namespace, name }, span: _ } => {
            let subset = subset.map(|subset| format!("#{subset}")).unwrap_or_default();
            format!("{}/{namespace}/{name}{subset}", kind.to_ascii_lowercase())
        }
        Origin::Default { rule } => (*rule).to_owned(),
    }
}
