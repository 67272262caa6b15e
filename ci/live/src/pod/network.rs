//! The network of a pod, from within: one interface with one address, everything else through the node.

use std::path::PathBuf;

use super::PodSetup;
use crate::LiveError;
use crate::node::command;

/// Configures the interface that the node has put here, and the pod's kernel parameters.
pub(super) fn configure(setup: &PodSetup) -> Result<(), LiveError> {
    let PodSetup { address, gateway, sysctls, .. } = setup;
    let batch = format!(
        "link set lo up\n\
         address add {address}/32 dev eth0\n\
         link set eth0 up\n\
         route add {gateway}/32 dev eth0 scope link\n\
         route add default via {gateway} src {address}\n"
    );
    command::with_input("ip", &["-batch", "-"], &batch)?;
    for (name, value) in sysctls {
        let path = PathBuf::from("/proc/sys").join(name.replace('.', "/"));
        std::fs::write(&path, value).map_err(LiveError::io("write", &path))?;
    }
    Ok(())
}
