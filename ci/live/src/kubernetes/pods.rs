//! The pods that workloads stand for.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;

use meshc_contract::WorkloadRef;
use serde_json::Value;

use super::cluster::{Cluster, Object};
use super::container::{ProxyProgram, is_injected, process, proxy};
use super::types::{Container, IntOrString, PodTemplate};
use crate::LiveError;
use crate::pod::{Mount, Process, Step};

/// The first address that a pod gets. Those before it belong to the node.
const FIRST_POD: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 10);

/// A pod that is to run.
#[derive(Debug, Clone)]
pub(crate) struct PodPlan {
    /// `<namespace>.<workload>`, as its proxy is called.
    pub(crate) workload: String,
    pub(crate) namespace: String,
    /// `<workload>-<ordinal>`.
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) template: PodTemplate,
    /// The headless Service that names its pods one by one, for a StatefulSet.
    pub(crate) governing_service: Option<String>,
}

impl PodPlan {
    /// All pods of a cluster, each with its address.
    pub(crate) fn all(cluster: &Cluster) -> Result<Vec<Self>, LiveError> {
        let mut pods = Vec::new();
        for object in &cluster.objects {
            let Some((template, replicas)) = template(object)? else { continue };
            for ordinal in 0..replicas {
                let name = match object.kind.as_str() {
                    "Pod" => object.metadata.name.clone(),
                    _ => format!("{}-{ordinal}", object.metadata.name),
                };
                let index = u32::try_from(pods.len()).unwrap_or(u32::MAX);
                pods.push(Self {
                    workload: WorkloadRef {
                        namespace: object.namespace().to_owned(),
                        name: object.metadata.name.clone(),
                    }
                    .to_string(),
                    namespace: object.namespace().to_owned(),
                    name,
                    address: Ipv4Addr::from(u32::from(FIRST_POD).saturating_add(index)),
                    template: template.clone(),
                    governing_service: object.value["spec"]["serviceName"].as_str().map(str::to_owned),
                });
            }
        }
        Ok(pods)
    }

    /// Labels of the pod.
    pub(crate) fn labels(&self) -> &BTreeMap<String, String> {
        &self.template.metadata.labels
    }

    /// Whether the pod's labels are what a selector asks for; an empty selector selects nothing.
    pub(crate) fn is_selected_by(&self, selector: &BTreeMap<String, String>) -> bool {
        !selector.is_empty() && selector.iter().all(|(key, value)| self.labels().get(key) == Some(value))
    }

    /// The containers that are no init containers, and the init containers that stay.
    pub(crate) fn long_lived(&self) -> impl Iterator<Item = &Container> {
        let stays = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
        self.template.spec.init_containers.iter().filter(stays).chain(&self.template.spec.containers)
    }

    /// The number of a port that a Service or a probe names.
    pub(crate) fn port(&self, port: &IntOrString) -> Option<u16> {
        match port {
            IntOrString::Number(number) => Some(*number),
            IntOrString::Name(name) => self
                .long_lived()
                .flat_map(|container| &container.ports)
                .find(|port| port.name.as_ref() == Some(name))
                .map(|port| port.container_port),
        }
    }

    /// The proxy that runs in the pod.
    pub(crate) fn proxy(&self) -> Option<ProxyProgram> {
        self.long_lived().find_map(proxy)
    }

    /// The containers of the application, for which the echo stands.
    pub(crate) fn application_containers(&self) -> impl Iterator<Item = &Container> {
        self.template.spec.containers.iter().filter(|container| proxy(container).is_none())
    }

    /// The user of the application, if one is stated and it is not root, for whom the rules of capture are the same.
    pub(crate) fn application_user(&self) -> Option<u32> {
        let pod = self.template.spec.security_context.run_as_user;
        self.application_containers().find_map(|container| container.security_context.run_as_user).or(pod)
    }

    /// Kernel parameters of the pod.
    pub(crate) fn sysctls(&self) -> BTreeMap<String, String> {
        // Container runtimes let a pod open any port, as Istio's gateways rely on.
        let default = ("net.ipv4.ip_unprivileged_port_start".to_owned(), "0".to_owned());
        let stated = &self.template.spec.security_context.sysctls;
        let stated = stated.iter().map(|sysctl| (sysctl.name.clone(), sysctl.value.clone()));
        std::iter::once(default).chain(stated).collect()
    }

    /// Lines of `/etc/hosts` that the pod states.
    pub(crate) fn hosts(&self) -> String {
        let aliases = self.template.spec.host_aliases.iter();
        aliases.map(|alias| format!("{} {}\n", alias.ip, alias.hostnames.join(" "))).collect()
    }

    /// Writes the volumes below a folder of the node and gives the mounts.
    pub(crate) fn mounts(&self, cluster: &Cluster, folder: &Path) -> Result<Vec<Mount>, LiveError> {
        super::volumes::mounts(self, cluster, folder)
    }

    /// What runs before the containers, and the containers that the echo does not stand for. Init containers of the
    /// application itself are left out, because their images are not here.
    pub(crate) fn processes(&self, cluster: &Cluster) -> Result<(Vec<Step>, Vec<Process>), LiveError> {
        let spec = &self.template.spec;
        let mut steps = Vec::new();
        let ours = |container: &&Container| proxy(container).is_some() || is_injected(container);
        for container in spec.init_containers.iter().filter(ours) {
            let process = process(self, container, cluster)?;
            let stays = container.restart_policy.as_deref() == Some("Always");
            steps.push(if stays { Step::Stay(process) } else { Step::Run(process) });
        }
        let proxies = spec.containers.iter().filter(|container| proxy(container).is_some());
        let containers =
            proxies.map(|container| process(self, container, cluster)).collect::<Result<_, _>>()?;
        Ok((steps, containers))
    }
}

/// The pod template of a workload and how many pods it stands for; `None` for other objects.
fn template(object: &Object) -> Result<Option<(PodTemplate, u32)>, LiveError> {
    let spec = &object.value["spec"];
    let replicas =
        |default: u32| spec["replicas"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(default);
    let (value, replicas): (Value, u32) = match object.kind.as_str() {
        "Deployment" | "StatefulSet" | "ReplicaSet" | "Rollout" => (spec["template"].clone(), replicas(1)),
        "DaemonSet" | "Job" => (spec["template"].clone(), 1),
        "Pod" => (object.value.clone(), 1),
        _ => return Ok(None),
    };
    Ok(Some((object.part(&value)?, replicas)))
}
