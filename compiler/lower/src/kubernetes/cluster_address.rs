//! Cluster addresses of Services that the lock file keeps (blueprint §4, service addresses).

use meshc_contract::ObjectRef;
use meshc_model::Mesh;
use serde_json::Value;

/// States the locked address of a Service that states none, so that the API server gives it no other one than proxies know.
pub(super) fn state(mesh: &Mesh, object: &ObjectRef, value: &mut Value) {
    if !object.group.is_empty() || object.kind != "Service" {
        return;
    }
    let locked = mesh.options.lock.service(&object.namespace, &object.name);
    let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let is_set = |key: &str| spec.get(key).is_some_and(|value| !value.is_null() && value != "");
    let external = spec.get("type").is_some_and(|kind| kind == "ExternalName");
    let Some(first) = locked.first().filter(|_| !external && !is_set("clusterIP") && !is_set("clusterIPs"))
    else {
        return;
    };
    spec.insert("clusterIP".to_owned(), first.to_string().into());
    if locked.len() > 1 {
        let all: Vec<Value> = locked.iter().map(|address| address.to_string().into()).collect();
        spec.insert("clusterIPs".to_owned(), all.into());
    }
}
