//! What a pod needs in order to start, from its manifest and from `traffic.yaml`.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use super::{NODE_ADDRESS, Node};
use crate::echo::EchoConfig;
use crate::kubernetes::{Cluster, Container, HttpGet, PodPlan, Probe, ProxyProgram};
use crate::pod::{ENVOY, LIVE, MESHC_PROXY, Mount, PodSetup, Process, SHARED};
use crate::{LiveError, dns};

/// User of the application, where the manifest states none.
const APPLICATION_USER: u32 = 1000;

/// Name of the echo process, among the containers of a pod.
const ECHO: &str = "echo";

/// A pod that is to be started.
pub(super) struct Blueprint {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) setup: PodSetup,
    /// Probes that must succeed before the next container starts, by container.
    pub(super) startup: BTreeMap<String, HttpProbe>,
    /// Probes that must succeed before the pod is ready.
    pub(super) readiness: Vec<HttpProbe>,
    pub(super) proxy: Option<ProxyProgram>,
}

/// A probe that gets a URL.
#[derive(Debug, Clone)]
pub(super) struct HttpProbe {
    pub(super) container: String,
    pub(super) url: String,
}

impl Blueprint {
    /// The pod of a workload.
    pub(super) fn of_workload(
        node: &Node,
        plan: &PodPlan,
        cluster: &Cluster,
        echo: EchoConfig,
        index: usize,
    ) -> Result<Self, LiveError> {
        let folder = node.assignment.folder.join("pods").join(index.to_string());
        let mut setup = setup(&folder, &plan.name, plan.address, &plan.namespace, &echo)?;
        setup.mounts = plan.mounts(cluster, &folder.join("volumes"))?;
        setup.sysctls = plan.sysctls();
        setup.hosts = plan.hosts();
        let (steps, containers) = plan.processes(cluster)?;
        setup.steps = steps;
        setup.containers = containers;
        // Mounted for pods without a proxy too: their init containers may be Envoys that check a bootstrap.
        setup.mounts.push(Mount { source: node.assignment.envoy.clone(), target: PathBuf::from(ENVOY) });
        match (&node.assignment.meshc_proxy, plan.proxy()) {
            (Some(binary), _) => {
                setup.mounts.push(Mount { source: binary.clone(), target: PathBuf::from(MESHC_PROXY) });
            }
            (None, Some(ProxyProgram::MeshcProxy)) => {
                return Err(LiveError::Scenario(format!(
                    "{} runs meshc-proxy, and nobody said where it is",
                    plan.workload
                )));
            }
            (None, _) => {}
        }
        setup.containers.push(echo_process(plan.application_user().unwrap_or(APPLICATION_USER)));
        let probes = |pick: fn(&Container) -> Option<&Probe>| {
            plan.long_lived().filter_map(move |container| {
                let HttpGet { path, port } = pick(container)?.http_get.as_ref()?;
                let url = format!("http://{}:{}{path}", plan.address, plan.port(port)?);
                Some(HttpProbe { container: container.name.clone(), url })
            })
        };
        Ok(Self {
            index,
            name: plan.workload.clone(),
            startup: probes(|container| container.startup_probe.as_ref())
                .map(|probe| (probe.container.clone(), probe))
                .collect(),
            readiness: probes(|container| container.readiness_probe.as_ref()).collect(),
            proxy: plan.proxy(),
            setup,
        })
    }

    /// A pod outside of the mesh: an application and nothing else.
    pub(super) fn outside(
        node: &Node,
        name: &str,
        address: Ipv4Addr,
        echo: EchoConfig,
        index: usize,
    ) -> Result<Self, LiveError> {
        let folder = node.assignment.folder.join("pods").join(index.to_string());
        let mut setup = setup(&folder, name, address, "default", &echo)?;
        setup.containers = vec![echo_process(APPLICATION_USER)];
        let sysctl = ("net.ipv4.ip_unprivileged_port_start".to_owned(), "0".to_owned());
        setup.sysctls = BTreeMap::from([sysctl]);
        Ok(Self {
            index,
            name: name.to_owned(),
            setup,
            startup: BTreeMap::new(),
            readiness: Vec::new(),
            proxy: None,
        })
    }
}

/// What every pod has, and the folders on the node that it needs.
fn setup(
    folder: &Path,
    name: &str,
    address: Ipv4Addr,
    namespace: &str,
    echo: &EchoConfig,
) -> Result<PodSetup, LiveError> {
    let (root, shared) = (folder.join("root"), folder.join("shared"));
    for path in [&root, &shared.join("logs"), &shared.join("socket")] {
        fs::create_dir_all(path).map_err(LiveError::io("create", path))?;
    }
    let socket = shared.join("socket");
    // The application may be any user, and no other user is in its pod but the proxy.
    fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .map_err(LiveError::io("open", &socket))?;
    let config = shared.join("echo.json");
    let text = serde_json::to_string(echo).map_err(|error| LiveError::invalid(&config, error))?;
    fs::write(&config, text).map_err(LiveError::io("write", &config))?;
    Ok(PodSetup {
        name: name.to_owned(),
        address,
        gateway: NODE_ADDRESS,
        root,
        shared,
        resolv_conf: format!(
            "nameserver {}\nsearch {namespace}.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n",
            dns::ADDRESS
        ),
        hosts: String::new(),
        mounts: Vec::new(),
        sysctls: BTreeMap::new(),
        steps: Vec::new(),
        containers: Vec::new(),
    })
}

fn echo_process(user: u32) -> Process {
    Process {
        name: ECHO.to_owned(),
        program: LIVE.to_owned(),
        args: vec!["echo".to_owned(), format!("{SHARED}/echo.json"), format!("{SHARED}/socket/echo")],
        env: BTreeMap::new(),
        uid: user,
        gid: user,
        hosts: None,
    }
}
