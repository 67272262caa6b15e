//! The `meshc-agent` binary: delivers a release to a cluster, without a control plane.
//!
//! Enters: a release that `meshc build` wrote, as a folder or an OCI image layout, and a kubeconfig. Leaves: objects in the
//! cluster, log lines, metrics. Must not know: how anything was compiled, Istio kinds, or what a proxy makes of its
//! configuration.

fn main() {}
