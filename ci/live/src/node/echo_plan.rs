//! What the echo application of a pod does: what `traffic.yaml` says, and what its manifest says about ports.

use std::collections::BTreeMap;

use crate::LiveError;
use crate::credentials::Authority;
use crate::echo::{EchoConfig, EchoPath, EchoPort, EchoProtocol};
use crate::kubernetes::{PodPlan, Services};
use crate::traffic::{Application, Outside, PathRule};

/// The application of a workload. The ports of the proxy are not its own.
pub(super) fn of_workload(
    pod: &PodPlan,
    services: &Services,
    application: Option<&Application>,
    authority: &Authority,
) -> Result<EchoConfig, LiveError> {
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
    let config =
        EchoConfig { pod: pod.name.clone(), version, ..config(pod.workload.clone(), ports, &application) };
    with_certificate(config, application.certificate_hosts, authority)
}

/// The application of a pod outside of the mesh.
pub(super) fn of_outside(
    name: &str,
    outside: &Outside,
    authority: &Authority,
) -> Result<EchoConfig, LiveError> {
    let Outside { hosts, application } = outside;
    let config = config(name.to_owned(), application.ports.clone(), application);
    with_certificate(config, [hosts.as_slice(), &application.certificate_hosts].concat(), authority)
}

/// An application whose pod is called as itself.
fn config(workload: String, ports: BTreeMap<u16, EchoProtocol>, application: &Application) -> EchoConfig {
    let Application { ports: _, certificate_hosts: _, paths, forward } = application.clone();
    let ports = ports.into_iter().map(|(port, protocol)| EchoPort { port, protocol }).collect();
    let path = |(prefix, rule): (String, PathRule)| {
        let PathRule { calls, fault, delay, headers } = rule;
        EchoPath { prefix, calls, fault, delay, headers }
    };
    EchoConfig {
        pod: workload.clone(),
        workload,
        version: String::new(),
        ports,
        paths: paths.into_iter().map(path).collect(),
        tls: None,
        forward,
    }
}

fn with_certificate(
    config: EchoConfig,
    hosts: Vec<String>,
    authority: &Authority,
) -> Result<EchoConfig, LiveError> {
    if config.ports.iter().all(|port| port.protocol != EchoProtocol::Https) {
        return Ok(config);
    }
    if hosts.is_empty() {
        return Err(LiveError::Scenario(format!(
            "{} speaks https and has no certificateHosts",
            config.workload
        )));
    }
    Ok(EchoConfig { tls: Some(authority.server(&hosts)?), ..config })
}
