//! Mirroring.

use meshc_plan::Mirror;

use super::values::runtime_fraction;
use super::{names, xds};

/// A copy of requests. Istio neither samples its traces nor marks its host with `-shadow`.
pub(super) fn mirror(mirror: &Mirror) -> xds::RequestMirrorPolicy {
    let Mirror { upstream, fraction } = mirror;
    xds::RequestMirrorPolicy {
        cluster: names::upstream(upstream),
        runtime_fraction: Some(runtime_fraction(*fraction)),
        trace_sampled: Some(false),
        disable_shadow_host_suffix_append: true,
    }
}
