//! What a user chooses about the emitted manifests.

use crate::envoy::EnvoyFlavor;

/// How Kubernetes manifests are emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesOptions {
    /// Image of Envoy. It must have it at `/usr/local/bin/envoy`, as the images of Envoy and of Istio do.
    pub proxy_image: String,
    /// Image of the bundled proxy, for workloads that run it. It must have it at `/usr/local/bin/meshc-proxy`.
    pub meshc_proxy_image: String,
    /// Image of the containers that run `iptables-restore`, found on their `PATH`.
    pub iptables_image: String,
    /// Image of the container that runs `ip`, for pods with TPROXY interception only.
    pub iproute_image: String,
}

impl KubernetesOptions {
    /// Images for a build of Envoy, pinned: Envoy's without a shell or Istio's, and for capture the base image of kube-proxy,
    /// which picks the backend of iptables as the node does.
    #[must_use]
    pub fn of_flavor(flavor: EnvoyFlavor) -> Self {
        let istio = "docker.io/istio/proxyv2:1.28.0";
        Self {
            proxy_image: match flavor {
                EnvoyFlavor::Stock => "docker.io/envoyproxy/envoy:distroless-v1.40.0",
                EnvoyFlavor::IstioProxy => istio,
            }
            .to_owned(),
            meshc_proxy_image: "ghcr.io/meshc/meshc-proxy:0.1.0".to_owned(),
            iptables_image: "registry.k8s.io/build-image/distroless-iptables:v0.8.7".to_owned(),
            iproute_image: istio.to_owned(),
        }
    }
}

impl Default for KubernetesOptions {
    fn default() -> Self {
        Self::of_flavor(EnvoyFlavor::default())
    }
}
