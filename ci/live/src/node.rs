//! The node: a network namespace with one bridge that every pod hangs on, a DNS server, what kube-proxy does, and the part
//! of the kubelet that starts pods and probes them. It is the first process of its namespaces, so everything ends with it.

mod blueprint;
mod calls;
pub(crate) mod command;
mod echo_plan;
mod kubelet;
mod network;
mod settle;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};

use crate::credentials::Authority;
use crate::kubernetes::{Cluster, PodPlan, Services, kube_proxy_rules, zone};
use crate::report::Report;
use crate::traffic::Traffic;
use crate::{Input, LiveError, compile, dns};
use blueprint::Blueprint;
use kubelet::Pod;

/// Address of the node on the bridge, which is the gateway of every pod.
pub(crate) const NODE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);

/// The first address outside of the mesh, of those that RFC 5737 keeps for documentation.
const FIRST_OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);

/// How often a condition is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// How long a pod may take until it is ready, and a proxy until it knows its endpoints.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// What a node is to carry out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Assignment {
    /// Name of the scenario in the report.
    pub(crate) scenario: String,
    /// What to run.
    pub(crate) input: Input,
    /// The file with the applications and calls.
    pub(crate) traffic: PathBuf,
    /// The Envoy of the proxies.
    pub(crate) envoy: PathBuf,
    /// The bundled proxy, where pods run it.
    pub(crate) meshc_proxy: Option<PathBuf>,
    /// An empty folder for the files of the run.
    pub(crate) folder: PathBuf,
    /// Where the files of the run are kept.
    pub(crate) keep: Option<PathBuf>,
}

/// What every pod shares.
struct Node {
    assignment: Assignment,
    services: Services,
    pods: Vec<PodPlan>,
    external: BTreeMap<String, Ipv4Addr>,
    ready: RefCell<BTreeSet<Ipv4Addr>>,
    zone: Rc<RefCell<dns::Zone>>,
}

impl Node {
    /// Names are answered anew when a pod becomes ready.
    fn set_ready(&self, address: Ipv4Addr) {
        self.ready.borrow_mut().insert(address);
        *self.zone.borrow_mut() = zone(&self.services, &self.pods, &self.ready.borrow(), &self.external);
    }
}

/// Carries an assignment out within the namespaces that this process is the first of.
pub(crate) fn run(assignment: Assignment) -> Result<Report, LiveError> {
    network::configure()?;
    command::mount_tmpfs(&assignment.folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LiveError::io("start the runtime in", &assignment.folder))?;
    let (folder, keep) = (assignment.folder.clone(), assignment.keep.clone());
    let report = LocalSet::new().block_on(&runtime, carry_out(assignment));
    if let Some(keep) = keep {
        command::run("cp", &["-rT", "--", &folder.to_string_lossy(), &keep.to_string_lossy()])?;
    }
    report
}

async fn carry_out(assignment: Assignment) -> Result<Report, LiveError> {
    let start = Instant::now();
    let traffic = Traffic::read(&assignment.traffic)?;
    let mut cluster = cluster(&assignment)?;
    let authority = Authority::new()?;
    authority.add(&traffic.credentials, &mut cluster)?;
    let services = Services::of(&cluster)?;
    let pods = PodPlan::all(&cluster)?;
    let outside = traffic.outside.keys().zip((u32::from(FIRST_OUTSIDE)..).map(Ipv4Addr::from));
    let outside: BTreeMap<String, Ipv4Addr> =
        outside.map(|(name, address)| (name.clone(), address)).collect();
    let external = traffic
        .outside
        .iter()
        .flat_map(|(name, outside_pod)| outside_pod.hosts.iter().map(|host| (host.clone(), outside[name])))
        .collect();
    command::with_input("iptables-restore", &[], &kube_proxy_rules(&services, &pods))?;
    let initial = zone(&services, &pods, &BTreeSet::new(), &external);
    let node = Rc::new(Node {
        assignment,
        services,
        pods,
        external,
        ready: RefCell::default(),
        zone: Rc::new(RefCell::new(initial)),
    });
    let socket = dns::bind().await?;
    tokio::task::spawn_local(dns::serve(socket, Rc::clone(&node.zone)));

    let (failed, mut failures) = mpsc::unbounded_channel();
    let work = async {
        let running = start_pods(
            &node,
            &cluster,
            &traffic,
            &Outsiders { authority: &authority, addresses: &outside },
            &failed,
        )
        .await?;
        let started = start.elapsed();
        settle::wait(&node, &running).await?;
        let settled = start.elapsed();
        let calls = calls::make(&node, &running, &traffic, &authority.root()?).await?;
        Ok(Report {
            scenario: node.assignment.scenario.clone(),
            envoy: node.assignment.envoy.clone(),
            pods: running.len(),
            started_ms: millis(started),
            settled_ms: millis(settled),
            total_ms: millis(start.elapsed()),
            calls,
        })
    };
    tokio::select! {
        report = work => report,
        Some(failure) = failures.recv() => Err(LiveError::Scenario(failure)),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The objects of the cluster: the compiled manifests and the Secrets of the authority.
fn cluster(assignment: &Assignment) -> Result<Cluster, LiveError> {
    let folders = match &assignment.input {
        Input::Tree { mesh, meshc, targets } => compile::compile(mesh, meshc, targets, &assignment.folder)?,
        Input::Manifests(folders) => folders.clone(),
    };
    let mut cluster = Cluster::default();
    folders.iter().try_for_each(|folder| cluster.read(folder))?;
    Ok(cluster)
}

/// What is not of the cluster.
struct Outsiders<'a> {
    authority: &'a Authority,
    /// Addresses of the pods outside of the mesh.
    addresses: &'a BTreeMap<String, Ipv4Addr>,
}

/// Starts every pod, all at once, and waits until each is ready. The pods are by the name that calls use.
async fn start_pods(
    node: &Rc<Node>,
    cluster: &Cluster,
    traffic: &Traffic,
    outsiders: &Outsiders<'_>,
    failed: &mpsc::UnboundedSender<String>,
) -> Result<Vec<Pod>, LiveError> {
    let mut blueprints = Vec::new();
    let known: BTreeSet<&String> = node.pods.iter().map(|pod| &pod.workload).collect();
    if let Some(unknown) = traffic.applications.keys().find(|name| !known.contains(name)) {
        return Err(LiveError::Scenario(format!("traffic.yaml: there is no workload {unknown}")));
    }
    for plan in &node.pods {
        let echo = echo_plan::of_workload(
            plan,
            &node.services,
            traffic.applications.get(&plan.workload),
            outsiders.authority,
        )?;
        blueprints.push(Blueprint::of_workload(node, plan, cluster, echo, blueprints.len())?);
    }
    for (name, outside_pod) in &traffic.outside {
        let echo = echo_plan::of_outside(name, outside_pod, outsiders.authority)?;
        blueprints.push(Blueprint::outside(node, name, outsiders.addresses[name], echo, blueprints.len())?);
    }
    let mut starting = JoinSet::new();
    for blueprint in blueprints {
        starting.spawn_local(kubelet::start(Rc::clone(node), blueprint, failed.clone()));
    }
    let mut running = Vec::new();
    while let Some(pod) = starting.join_next().await {
        running
            .push(pod.map_err(|error| LiveError::Scenario(format!("a pod could not be started: {error}")))??);
    }
    running.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(running)
}
