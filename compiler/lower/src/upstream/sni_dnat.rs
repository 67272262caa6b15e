//! East-west gateways, which forward connections by the SNI of Istio mTLS without terminating it (translation-spec §5.8).

use meshc_api::istio::ServerTlsMode;

use crate::context::ProxyContext;

/// Whether some server of a gateway passes mTLS on by its SNI (`AUTO_PASSTHROUGH`).
pub(super) fn forwards_by_sni(cx: &ProxyContext<'_>) -> bool {
    let gateways = cx.mesh.gateways_for(cx.workload);
    gateways
        .iter()
        .flat_map(|gateway| &gateway.spec.servers)
        .any(|server| server.tls.as_ref().and_then(|tls| tls.mode) == Some(ServerTlsMode::AutoPassthrough))
}
