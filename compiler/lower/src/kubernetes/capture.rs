//! How traffic is led to a sidecar: the annotations `traffic.sidecar.istio.io/…` (dataplane.md §4.1).

use std::net::IpAddr;

use meshc_api::kubernetes::{Container, SecurityContext};
use meshc_model::{Interception, Mesh, Workload, WorkloadRole};
use meshc_plan::{CaptureMode, InboundPorts, IpRange, OutboundRanges, TrafficCapture};

use super::annotations::Complaints;
use super::ports::OwnPorts;

const INCLUDE_INBOUND_PORTS: &str = "traffic.sidecar.istio.io/includeInboundPorts";
const EXCLUDE_INBOUND_PORTS: &str = "traffic.sidecar.istio.io/excludeInboundPorts";
const INCLUDE_OUTBOUND_PORTS: &str = "traffic.sidecar.istio.io/includeOutboundPorts";
const EXCLUDE_OUTBOUND_PORTS: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";
const INCLUDE_OUTBOUND_RANGES: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";
const EXCLUDE_OUTBOUND_RANGES: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";
const EXCLUDE_INTERFACES: &str = "traffic.sidecar.istio.io/excludeInterfaces";
/// The newer name comes first; it wins.
const VIRTUAL_INTERFACES: [&str; 2] =
    ["istio.io/reroute-virtual-interfaces", "traffic.sidecar.istio.io/kubevirtInterfaces"];

/// The user and the group that Istio's proxy runs as.
pub(crate) const PROXY_ID: u32 = 1337;

/// Rules for a workload; `None` where nothing is captured.
pub(crate) fn capture(
    mesh: &Mesh,
    workload: &Workload,
    complaints: &mut Complaints,
) -> Option<TrafficCapture> {
    if workload.proxy != Some(WorkloadRole::Sidecar) {
        return None;
    }
    let mode = match workload.interception {
        Interception::Redirect => CaptureMode::Redirect,
        Interception::Tproxy => CaptureMode::Tproxy,
        Interception::None => return None,
    };
    let port = |number: i32, default| u16::try_from(number).ok().filter(|port| *port != 0).unwrap_or(default);
    let (proxy_user, proxy_group) = proxy_ids(workload);
    let mut read = Reader { workload, complaints };
    Some(TrafficCapture {
        mode,
        outbound_port: port(mesh.config.proxy_listen_port, 15001),
        inbound_port: port(mesh.config.proxy_inbound_listen_port, 15006),
        proxy_user,
        proxy_group,
        inbound: read.inbound(),
        outbound: read.outbound(),
        excluded_outbound_ranges: read.ranges(EXCLUDE_OUTBOUND_RANGES).unwrap_or_default(),
        included_outbound_ports: read.ports(INCLUDE_OUTBOUND_PORTS).unwrap_or_default(),
        excluded_outbound_ports: read.ports(EXCLUDE_OUTBOUND_PORTS).unwrap_or_default(),
        excluded_interfaces: read.names(EXCLUDE_INTERFACES).unwrap_or_default(),
        virtual_interfaces: VIRTUAL_INTERFACES.iter().find_map(|key| read.names(key)).unwrap_or_default(),
        ipv6: workload.is_ipv6(),
    })
}

/// The user and the group of the proxy: its container may be stated, to override parts of it.
fn proxy_ids(workload: &Workload) -> (u32, u32) {
    let context = containers(workload)
        .find(|container| container.name == super::PROXY_CONTAINER)
        .and_then(|container| container.security_context.clone());
    let SecurityContext { run_as_user, run_as_group, .. } = context.unwrap_or_default();
    let id = |stated: Option<i64>| stated.and_then(|id| u32::try_from(id).ok()).unwrap_or(PROXY_ID);
    (id(run_as_user), id(run_as_group))
}

/// All containers of the pods.
pub(super) fn containers(workload: &Workload) -> impl Iterator<Item = &Container> {
    workload.pods.init_containers.iter().chain(&workload.pods.containers)
}

/// Reads annotations. A part that cannot be read is complained of and left out.
struct Reader<'a, 'c> {
    workload: &'a Workload,
    complaints: &'c mut Complaints,
}

impl<'a> Reader<'a, '_> {
    fn inbound(&mut self) -> InboundPorts {
        let included = self.parts(INCLUDE_INBOUND_PORTS);
        if included.is_some_and(|parts| !parts.contains(&"*")) {
            return InboundPorts::Only(self.ports(INCLUDE_INBOUND_PORTS).unwrap_or_default());
        }
        let OwnPorts { prometheus, ready, probes } = OwnPorts::of(self.workload);
        let mut excluded = vec![prometheus, ready];
        excluded.extend(self.ports(EXCLUDE_INBOUND_PORTS).unwrap_or_default());
        excluded.extend(probes);
        InboundPorts::AllBut(excluded)
    }

    fn outbound(&mut self) -> OutboundRanges {
        match self.parts(INCLUDE_OUTBOUND_RANGES) {
            Some(parts) if !parts.contains(&"*") => {
                OutboundRanges::Only(self.ranges(INCLUDE_OUTBOUND_RANGES).unwrap_or_default())
            }
            _ => OutboundRanges::All,
        }
    }

    /// The parts of an annotation, which are separated by commas.
    fn parts(&self, key: &str) -> Option<Vec<&'a str>> {
        let text = self.workload.annotations.get(key)?;
        Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect())
    }

    fn names(&self, key: &str) -> Option<Vec<String>> {
        Some(self.parts(key)?.into_iter().map(str::to_owned).collect())
    }

    fn ports(&mut self, key: &'static str) -> Option<Vec<u16>> {
        self.each(key, "a port from 1 to 65535", |part| part.parse().ok().filter(|port: &u16| *port != 0))
    }

    fn ranges(&mut self, key: &'static str) -> Option<Vec<IpRange>> {
        self.each(key, "a range such as 10.0.0.0/8", range)
    }

    fn each<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        for part in self.parts(key)? {
            match read(part) {
                Some(value) => found.push(value),
                None => self.complaints.add(key, format!("`{part}` is not {wanted}")),
            }
        }
        Some(found)
    }
}

fn range(text: &str) -> Option<IpRange> {
    let (address, prefix) = text.split_once('/')?;
    let (address, prefix): (IpAddr, u8) = (address.parse().ok()?, prefix.parse().ok()?);
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= longest).then_some(IpRange { address, prefix })
}
