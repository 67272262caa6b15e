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

#[cfg(test)]
mod tests {
    use meshc_plan::{Fraction, FractionDenominator, Mirror, UpstreamName};
    use serde_json::json;

    #[test]
    fn a_copy_is_neither_traced_nor_marked() {
        let copy = Mirror {
            upstream: UpstreamName::Outbound {
                port: 80,
                subset: Some("v2".into()),
                host: "a.example".into(),
            },
            fraction: Fraction { numerator: 100, denominator: FractionDenominator::Hundred },
        };
        let expected = json!({
            "cluster": "outbound|80|v2|a.example",
            "runtimeFraction": {"defaultValue": {"numerator": 100}},
            "traceSampled": false,
            "disableShadowHostSuffixAppend": true,
        });
        assert_eq!(serde_json::to_value(super::mirror(&copy)).unwrap(), expected);
    }
}
