//! A pod: namespaces of its own, a root folder that holds what its mounts say and the machine's programs, and its processes.
//!
//! The first process in the namespaces is this program as `pod`. It sets everything up, starts the containers in the order of
//! the kubelet, and ends when the harness closes its standard input; with it ends everything in the pod.

mod init;
mod network;
mod root;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use init::run;

/// Where Envoy is within a pod.
pub(crate) const ENVOY: &str = "/usr/local/bin/envoy";
/// Where the bundled proxy is within a pod.
pub(crate) const MESHC_PROXY: &str = "/usr/local/bin/meshc-proxy";
/// Where this program is within a pod.
pub(crate) const LIVE: &str = "/meshc-live/program";
/// Folder within a pod that it shares with the harness.
pub(crate) const SHARED: &str = "/meshc-live/shared";

/// All that a pod needs to know in order to start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PodSetup {
    /// Name of the pod and of its host.
    pub(crate) name: String,
    /// Its address, the only one of its kind on the node.
    pub(crate) address: Ipv4Addr,
    /// The node, through which everything is reached.
    pub(crate) gateway: Ipv4Addr,
    /// An empty folder that the root is built in.
    pub(crate) root: PathBuf,
    /// Folder that becomes [`SHARED`]; its `logs` hold what containers print.
    pub(crate) shared: PathBuf,
    /// Content of `/etc/resolv.conf`.
    pub(crate) resolv_conf: String,
    /// Lines of `/etc/hosts` that the pod states.
    pub(crate) hosts: String,
    /// Folders and files that are mounted.
    pub(crate) mounts: Vec<Mount>,
    /// Kernel parameters, such as `net.ipv4.ip_unprivileged_port_start`.
    pub(crate) sysctls: BTreeMap<String, String>,
    /// What runs before the containers, in order.
    pub(crate) steps: Vec<Step>,
    /// What runs until the end.
    pub(crate) containers: Vec<Process>,
}

/// A folder or file that is mounted into the pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mount {
    /// Its place on the node.
    pub(crate) source: PathBuf,
    /// Its place in the pod.
    pub(crate) target: PathBuf,
}

/// An init container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Step {
    /// It must end well before anything else starts.
    Run(Process),
    /// It stays; the next one starts when the harness says that it has started.
    Stay(Process),
}

/// A process of a container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Process {
    /// Name of the container.
    pub(crate) name: String,
    /// Program, found by the `PATH` of `env`.
    pub(crate) program: String,
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// All of its environment.
    pub(crate) env: BTreeMap<String, String>,
    /// User that it runs as.
    pub(crate) uid: u32,
    /// Group that it runs as.
    pub(crate) gid: u32,
    /// A file of the pod that it sees as `/etc/hosts`.
    pub(crate) hosts: Option<String>,
}

/// What a pod tells the harness, one line of JSON each. After the first two it waits for a line on its standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Event {
    /// The namespaces are there: the network can be attached.
    Created,
    /// A container that stays was started.
    Started(String),
    /// Every container was started.
    Running,
    /// A container ended, or the pod could not be set up.
    Failed {
        /// The container, or what could not be done.
        what: String,
        /// Why, if it is known.
        why: String,
    },
}
