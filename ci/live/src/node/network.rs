//! The network of the node: one bridge, through which pods reach each other only by way of the node, as in a cluster whose
//! pods have addresses of their own. So that what kube-proxy rewrites is written back on the way home.

use std::net::Ipv4Addr;
use std::path::Path;

use super::{NODE_ADDRESS, command};
use crate::{LiveError, dns};

/// Name of the bridge.
const BRIDGE: &str = "mesh0";

/// Makes the bridge and lets the node forward.
pub(super) fn configure() -> Result<(), LiveError> {
    let batch = format!(
        "link set lo up\n\
         link add {BRIDGE} type bridge\n\
         address add {NODE_ADDRESS}/16 dev {BRIDGE}\n\
         address add {}/32 dev {BRIDGE}\n\
         link set {BRIDGE} up\n\
         route add 203.0.113.0/24 dev {BRIDGE} src {NODE_ADDRESS}\n",
        dns::ADDRESS
    );
    command::with_input("ip", &["-batch", "-"], &batch)?;
    // Redirects would teach pods the short way, past kube-proxy.
    for (name, value) in [
        ("net/ipv4/ip_forward", "1"),
        ("net/ipv4/conf/all/send_redirects", "0"),
        ("net/ipv4/conf/mesh0/send_redirects", "0"),
    ] {
        let path = Path::new("/proc/sys").join(name);
        std::fs::write(&path, value).map_err(LiveError::io("write", &path))?;
    }
    Ok(())
}

/// Puts an interface `eth0` into the network namespace of a process, with the other end on the bridge.
pub(super) fn attach(index: usize, process: u32, address: Ipv4Addr) -> Result<(), LiveError> {
    let batch = format!(
        "link add pod{index} type veth peer name eth0 netns {process}\n\
         link set pod{index} master {BRIDGE}\n\
         link set pod{index} up\n\
         route replace {address}/32 dev {BRIDGE} src {NODE_ADDRESS}\n"
    );
    command::with_input("ip", &["-batch", "-"], &batch).map(drop)
}
