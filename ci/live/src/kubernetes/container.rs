//! From a container of a manifest to a process: the program that stands for its image, its arguments and environment.

use std::collections::BTreeMap;

use super::cluster::Cluster;
use super::pods::PodPlan;
use super::types::{Container, EnvVar};
use crate::LiveError;
use crate::pod::{ENVOY, MESHC_PROXY, Process};

/// What the kubelet writes for every container, unless it mounts something there.
pub(super) const HOSTS: &str = "/etc/hosts";

/// A program that is a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyProgram {
    /// Envoy.
    Envoy,
    /// The bundled proxy.
    MeshcProxy,
}

/// The proxy that a container runs, by the name of its image.
pub(super) fn proxy(container: &Container) -> Option<ProxyProgram> {
    let image = container.image.rsplit('/').next().unwrap_or_default();
    if image.starts_with("envoy") || image.starts_with("proxyv2") {
        Some(ProxyProgram::Envoy)
    } else {
        image.starts_with("meshc-proxy").then_some(ProxyProgram::MeshcProxy)
    }
}

/// Whether the compiler added a container, by the names that it and Istio give them.
pub(super) fn is_injected(container: &Container) -> bool {
    container.name.starts_with("meshc-") || container.name.starts_with("istio-")
}

/// The process of a container that runs a proxy or states its command.
pub(super) fn process(pod: &PodPlan, container: &Container, cluster: &Cluster) -> Result<Process, LiveError> {
    let mut command = container.command.clone();
    if command.is_empty() {
        command.push(match proxy(container) {
            Some(ProxyProgram::Envoy) => ENVOY.to_owned(),
            Some(ProxyProgram::MeshcProxy) => MESHC_PROXY.to_owned(),
            None => {
                return Err(LiveError::Scenario(format!(
                    "container {} of {}: image {} has no command and nothing here stands for it",
                    container.name, pod.workload, container.image
                )));
            }
        });
    }
    command.extend(container.args.iter().cloned());
    let env = environment(pod, container, cluster)?;
    let mut words = command.iter().map(|word| expand(word, &env));
    let program = words.next().unwrap_or_default();
    let args: Vec<String> = words.collect();
    let pod_security = &pod.template.spec.security_context;
    let uid = container.security_context.run_as_user.or(pod_security.run_as_user).unwrap_or(0);
    let gid = container.security_context.run_as_group.or(pod_security.run_as_group).unwrap_or(uid);
    Ok(Process { name: container.name.clone(), program, args, env, uid, gid, hosts: hosts(container) })
}

/// Where in the pod the file is that a container mounts as `/etc/hosts`: containers share a root here, so it is seen by its place
/// in the volume.
fn hosts(container: &Container) -> Option<String> {
    let mounts = &container.volume_mounts;
    let hosts = mounts.iter().find(|mount| mount.mount_path == HOSTS)?;
    let whole = mounts.iter().find(|mount| mount.name == hosts.name && mount.sub_path.is_none())?;
    Some(format!("{}/{}", whole.mount_path, hosts.sub_path.as_ref()?))
}

fn environment(
    pod: &PodPlan,
    container: &Container,
    cluster: &Cluster,
) -> Result<BTreeMap<String, String>, LiveError> {
    let mut env = BTreeMap::from([
        ("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ("HOSTNAME".to_owned(), pod.name.clone()),
    ]);
    for variable in &container.env {
        let value = value(pod, container, variable, cluster)?;
        let value = expand(&value, &env);
        env.insert(variable.name.clone(), value);
    }
    Ok(env)
}

fn value(
    pod: &PodPlan,
    container: &Container,
    variable: &EnvVar,
    cluster: &Cluster,
) -> Result<String, LiveError> {
    let Some(source) = &variable.value_from else { return Ok(variable.value.clone()) };
    if let Some(field) = &source.field_ref {
        return self::field(pod, &field.field_path);
    }
    if let Some(resource) = &source.resource_field_ref {
        return Ok(self::resource(container, &resource.resource));
    }
    if let Some(reference) = &source.config_map_key_ref {
        let data = cluster.data("ConfigMap", &pod.namespace, &reference.name)?.unwrap_or_default();
        let value = data.get(&reference.key).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        return value.ok_or_else(|| {
            LiveError::Scenario(format!(
                "{}: ConfigMap {} has no {}",
                pod.workload, reference.name, reference.key
            ))
        });
    }
    Err(LiveError::Scenario(format!("{}: the source of {} is not understood", pod.workload, variable.name)))
}

/// A field of the pod, as the downward API tells it.
pub(super) fn field(pod: &PodPlan, path: &str) -> Result<String, LiveError> {
    let metadata = &pod.template.metadata;
    let keyed = |prefix: &str| path.strip_prefix(prefix)?.strip_suffix("']");
    let known = match path {
        "metadata.name" => Some(pod.name.clone()),
        "metadata.namespace" => Some(pod.namespace.clone()),
        "metadata.uid" => Some(format!("uid-of-{}", pod.name)),
        "metadata.labels" => Some(lines(&metadata.labels)),
        "metadata.annotations" => Some(lines(&metadata.annotations)),
        "spec.nodeName" => Some("meshc-live".to_owned()),
        "spec.serviceAccountName" => {
            Some(pod.template.spec.service_account_name.clone().unwrap_or_else(|| "default".to_owned()))
        }
        "status.podIP" | "status.podIPs" => Some(pod.address.to_string()),
        "status.hostIP" => Some(crate::node::NODE_ADDRESS.to_string()),
        _ => keyed("metadata.labels['")
            .map(|key| metadata.labels.get(key).cloned().unwrap_or_default())
            .or_else(|| {
                keyed("metadata.annotations['")
                    .map(|key| metadata.annotations.get(key).cloned().unwrap_or_default())
            }),
    };
    known
        .ok_or_else(|| LiveError::Scenario(format!("{}: the downward API has no field {path}", pod.workload)))
}

/// A map as a downward API volume writes it.
fn lines(map: &BTreeMap<String, String>) -> String {
    map.iter().map(|(key, value)| format!("{key}={value:?}\n")).collect()
}

/// CPU in whole cores, rounded up, as the downward API tells it with its default divisor; memory in bytes as stated.
fn resource(container: &Container, resource: &str) -> String {
    let (kind, name) = resource.split_once('.').unwrap_or(("limits", resource));
    let list = if kind == "requests" { &container.resources.requests } else { &container.resources.limits };
    let text = match list.get(name) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => return "1".to_owned(),
    };
    match text.strip_suffix('m').and_then(|milli| milli.parse::<u64>().ok()) {
        Some(milli) => milli.div_ceil(1000).to_string(),
        None => text,
    }
}

/// Replaces `$(NAME)` as the kubelet does: `$$(NAME)` is an escape, an unknown name stays as it is.
fn expand(text: &str, env: &BTreeMap<String, String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        match name.and_then(|(name, after)| Some((env.get(name)?, after))) {
            Some((value, after)) => {
                expanded.push_str(value);
                rest = after;
            }
            None => expanded.push('$'),
        }
    }
    expanded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded_as_the_kubelet_does() {
        let env = BTreeMap::from([("POD".to_owned(), "web-0".to_owned())]);
        for (text, expected) in [
            ("$(POD).shop", "web-0.shop"),
            ("$$(POD)", "$(POD)"),
            ("$(NONE)", "$(NONE)"),
            ("a$b", "a$b"),
            ("$", "$"),
        ] {
            assert_eq!(expand(text, &env), expected);
        }
    }
}
