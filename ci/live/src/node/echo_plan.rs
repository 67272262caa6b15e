//! What the echo application of a pod does: what `traffic.yaml` says, and what its manifest says about ports.

use std::collections::BTreeMap;

use crate::echo::{EchoConfig, EchoPath, EchoPort, EchoProtocol};
use crate::kubernetes::{PodPlan, Services};
use crate::traffic::{Application, Outside, PathRule};

/// The application of a workload. The ports of the proxy are not its own.
pub(super) fn of_workload(
    pod: &PodPlan,
    services: &Services,
    application: Option<&Application>,
) -> EchoConfig {
    let tcp = |protocol: Option<&str>| !matches!(protocol, Some("UDP" | "SCTP"));
    let stated = pod
        .application_containers()
        .flat_map(|container| &container.ports)
        .filter(|port| tcp(port.protocol.as_deref()))
        .map(|port| (port.container_port, services.protocol(pod, port.container_port)));
    let application = application.cloned().unwrap_or_default();
    let mut ports: BTreeMap<u16, EchoProtocol> = stated.collect();
    ports.extend(&application.ports);
    let version = pod.labels().get("version").cloned().unwrap_or_default();
    config(pod.workload.clone(), pod.name.clone(), version, ports, application)
}

/// The application of a pod outside of the mesh.
pub(super) fn of_outside(name: &str, outside: &Outside) -> EchoConfig {
    let ports = outside.application.ports.clone();
    config(name.to_owned(), name.to_owned(), String::new(), ports, outside.application.clone())
}

fn config(
    workload: String,
    pod: String,
    version: String,
    ports: BTreeMap<u16, EchoProtocol>,
    application: Application,
) -> EchoConfig {
    let Application { ports: _, paths, forward } = application;
    let ports = ports.into_iter().map(|(port, protocol)| EchoPort { port, protocol }).collect();
    let path = |(prefix, rule): (String, PathRule)| {
        let PathRule { calls, fault, delay, headers } = rule;
        EchoPath { prefix, calls, fault, delay, headers }
    };
    EchoConfig { workload, pod, version, ports, paths: paths.into_iter().map(path).collect(), forward }
}
