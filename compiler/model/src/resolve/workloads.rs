//! Workloads: pods after injection (translation-spec §0.7, §0.8).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::IstiodFeatures;
use meshc_api::kubernetes::{Container, PodSpec, Protocol as ContainerProtocol};
use meshc_api::mesh_config::{InboundInterceptionMode, MeshConfig, ProxyConfig};
use meshc_contract::SpiffeId;

use super::injection::Pods;
use super::surroundings::{NETWORK, Surroundings};
use super::templates::Template;
use crate::labels::Labels;
use crate::workload::is_true;
use crate::{ContainerPort, Interception, Options, Workload, WorkloadRole};

/// Prefix of environment variables that become metadata of the proxy.
const METADATA_PREFIX: &str = "ISTIO_META_";
/// Longest value of a label.
const LABEL_LENGTH: usize = 63;

/// Makes workloads of templates, without the services that lead to them.
pub(super) struct Builder<'a> {
    pub(super) config: &'a MeshConfig,
    pub(super) features: &'a IstiodFeatures,
    pub(super) options: &'a Options,
    pub(super) surroundings: &'a Surroundings<'a>,
}

impl Builder<'_> {
    pub(super) fn workload(&self, template: Template<'_>) -> Workload {
        let Template { reference, object, api_version, origin, meta, spec, address, replicas, proxy_config } =
            template;
        let pods = Pods {
            namespace: &reference.namespace,
            labels: &meta.labels,
            annotations: &meta.annotations,
            spec,
        };
        let proxy = pods.proxy(self.options.inject, self.surroundings);
        let network =
            meta.labels.get(NETWORK).map(String::as_str).or_else(|| self.surroundings.network(address));
        let metadata = metadata(&proxy_config, spec, network);
        let labels = injected_labels(&meta.labels, proxy, &reference.name, &metadata);
        let identity = SpiffeId {
            trust_domain: self.config.trust_domain.clone(),
            namespace: reference.namespace.clone(),
            service_account: spec.service_account().to_owned(),
        };
        let node = spec.node_name.as_deref();
        Workload {
            object,
            api_version: api_version.to_owned(),
            origin,
            annotations: meta.annotations.clone(),
            identity,
            proxy,
            pods: Arc::new(spec.clone()),
            container_ports: container_ports(spec),
            containers: containers(spec),
            interception: interception(&meta.annotations, &proxy_config),
            locality: self.surroundings.locality(&labels, node, &spec.node_selector),
            network: metadata.get("NETWORK").cloned(),
            address,
            both_families: has_both_families(&metadata),
            replicas,
            takes_auto_addresses: self.takes_auto_addresses(&metadata),
            privileged_ports: metadata.get("UNPRIVILEGED_POD").is_none_or(|value| value != "true"),
            targets: Vec::new(),
            reference,
            labels,
            proxy_config,
            metadata,
        }
    }

    fn takes_auto_addresses(&self, metadata: &BTreeMap<String, String>) -> bool {
        let flag = |key| metadata.get(key).is_some_and(|value| is_true(value));
        flag("DNS_CAPTURE") && (self.features.enable_ip_auto_allocate || flag("DNS_AUTO_ALLOCATE"))
    }
}

/// `ISTIO_META_*` of the proxy's settings and of the proxy's container, which wins.
fn metadata(settings: &ProxyConfig, spec: &PodSpec, network: Option<&str>) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    if let Some(network) = network {
        metadata.insert("NETWORK".to_owned(), network.to_owned());
    }
    let mut add = |name: &str, value: &str| {
        if let Some(key) = name.strip_prefix(METADATA_PREFIX) {
            metadata.insert(key.to_owned(), value.to_owned());
        }
    };
    settings.proxy_metadata.iter().for_each(|(name, value)| add(name, value));
    let proxy = all_containers(spec).find(|container| container.name == "istio-proxy");
    for variable in proxy.into_iter().flat_map(|container| &container.env) {
        if let Some(value) = &variable.value {
            add(&variable.name, value);
        }
    }
    metadata
}

/// Whether the addresses that the proxy tells istiod (`INSTANCE_IPS`, comma-separated) are of both IP families.
fn has_both_families(metadata: &BTreeMap<String, String>) -> bool {
    let addresses: Vec<&str> =
        metadata.get("INSTANCE_IPS").into_iter().flat_map(|ips| ips.split(',')).collect();
    let of_v6 = addresses.iter().filter(|address| address.contains(':')).count();
    of_v6 > 0 && of_v6 < addresses.len()
}

/// Labels of pods with those that injection adds. Pods without a proxy keep theirs.
fn injected_labels(
    labels: &Labels,
    proxy: Option<WorkloadRole>,
    workload: &str,
    metadata: &BTreeMap<String, String>,
) -> Labels {
    let mut all = labels.clone();
    let Some(proxy) = proxy else { return all };
    let first = |names: &[&str], fallback: &str| {
        names
            .iter()
            .find_map(|name| labels.get(*name))
            .filter(|value| !value.is_empty())
            .map_or_else(|| fallback.to_owned(), Clone::clone)
    };
    let mut add = |name: &str, value: String| {
        all.entry(name.to_owned()).or_insert_with(|| shortened(value));
    };
    if proxy == WorkloadRole::Sidecar {
        add("security.istio.io/tlsMode", "istio".to_owned());
        if metadata.get("ENABLE_HBONE").is_some_and(|value| value == "true") {
            add("networking.istio.io/tunnel", "http".to_owned());
        }
    }
    add("service.istio.io/canonical-name", first(&["app.kubernetes.io/name", "app"], workload));
    add("service.istio.io/canonical-revision", first(&["app.kubernetes.io/version", "version"], "latest"));
    all
}

/// A value that is short enough for a label, and ends as one may.
fn shortened(mut value: String) -> String {
    if value.len() > LABEL_LENGTH {
        let end = (0..=LABEL_LENGTH).rev().find(|end| value.is_char_boundary(*end)).unwrap_or(0);
        value.truncate(end);
        let kept = value.trim_end_matches(['-', '_', '.']).len();
        value.truncate(kept);
    }
    value
}

fn interception(annotations: &Labels, settings: &ProxyConfig) -> Interception {
    match annotations.get("sidecar.istio.io/interceptionMode").map(String::as_str) {
        Some("REDIRECT") => Interception::Redirect,
        Some("TPROXY") => Interception::Tproxy,
        Some("NONE") => Interception::None,
        _ => match settings.interception_mode {
            InboundInterceptionMode::Redirect => Interception::Redirect,
            InboundInterceptionMode::Tproxy => Interception::Tproxy,
            InboundInterceptionMode::None => Interception::None,
        },
    }
}

/// Containers that run with the pod: the ordinary ones, then those that are started first and stay.
fn all_containers(spec: &PodSpec) -> impl Iterator<Item = &Container> {
    let staying = spec.init_containers.iter();
    spec.containers
        .iter()
        .chain(staying.filter(|container| container.restart_policy.as_deref() == Some("Always")))
}

fn container_ports(spec: &PodSpec) -> Vec<ContainerPort> {
    let ports = all_containers(spec).flat_map(|container| &container.ports);
    let port = |port: &meshc_api::kubernetes::ContainerPort| ContainerPort {
        name: port.name.clone().unwrap_or_default(),
        number: port.container_port,
        protocol: match port.protocol {
            ContainerProtocol::Tcp => "TCP",
            ContainerProtocol::Udp => "UDP",
            ContainerProtocol::Sctp => "SCTP",
        }
        .to_owned(),
    };
    ports.map(port).collect()
}

/// Names of the containers of the application.
fn containers(spec: &PodSpec) -> Vec<String> {
    let of_istio = |name: &str| matches!(name, "istio-proxy" | "istio-init" | "istio-validation");
    spec.containers.iter().map(|container| container.name.clone()).filter(|name| !of_istio(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{deployment, resolve};

    #[test]
    fn injection_names_the_service_and_its_revision() {
        let long = "a".repeat(60) + "..---bbb";
        let fixture = resolve(
            &(deployment("ns", "web")
                + &deployment("ns", "x")
                    .replace("app: x,", &format!("app: other, app.kubernetes.io/name: {long},"))),
        );
        let label = |workload: &str, name: &str| {
            fixture.workload(workload).labels.get(name).cloned().unwrap_or_default()
        };
        assert_eq!(label("ns.web", "service.istio.io/canonical-name"), "web");
        assert_eq!(label("ns.web", "service.istio.io/canonical-revision"), "v1");
        assert_eq!(label("ns.web", "security.istio.io/tlsMode"), "istio");
        assert_eq!(label("ns.x", "service.istio.io/canonical-name"), "a".repeat(60));
    }

    #[test]
    fn metadata_is_from_settings_and_from_the_container_of_the_proxy() {
        let annotation = "annotations: {sidecar.istio.io/interceptionMode: TPROXY, \
                          proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_A: settings, ISTIO_META_B: settings, C: x}}'}, labels: {app";
        let proxy = "{name: istio-proxy, env: [{name: ISTIO_META_B, value: container}, {name: ISTIO_META_UNPRIVILEGED_POD, value: 'true'}]}, {name: app,";
        let yaml = deployment("ns", "w")
            .replace("labels: {app: w,", &format!("{annotation}: w,"))
            .replace("{name: app,", proxy);
        let fixture = resolve(&yaml);
        let workload = fixture.workload("ns.w");
        let metadata: Vec<_> =
            workload.metadata.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(metadata, ["A=settings", "B=container", "UNPRIVILEGED_POD=true"]);
        assert!(!workload.privileged_ports && workload.interception == Interception::Tproxy);
        assert_eq!(workload.containers, ["app"]);
    }
}
