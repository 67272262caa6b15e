//! What sidecars accept, by the chains of `virtualInbound`.

use std::collections::{BTreeMap, BTreeSet};

use meshc_model::{MtlsMode, WorkloadRole};
use serde_json::Value;

use crate::support::scenarios;

/// The mode of each port, as the kinds of its chains tell; `None` is the port of everything else.
fn recorded(listeners: &[Value]) -> BTreeMap<Option<u16>, MtlsMode> {
    let inbound = listeners.iter().find(|listener| listener["name"] == "virtualInbound");
    let chains = inbound.and_then(|listener| listener["filterChains"].as_array()).into_iter().flatten();
    let mut transports: BTreeMap<Option<u16>, BTreeSet<&str>> = BTreeMap::new();
    for chain in chains.filter(|chain| chain["name"] != "virtualInbound-blackhole") {
        let criteria = &chain["filterChainMatch"];
        let port = criteria["destinationPort"].as_u64().and_then(|port| u16::try_from(port).ok());
        let transport = criteria["transportProtocol"].as_str().unwrap_or("any");
        transports.entry(port).or_default().insert(transport);
    }
    let mode =
        |transports: &BTreeSet<&str>| match (transports.contains("tls"), transports.contains("raw_buffer")) {
            (true, true) => MtlsMode::Permissive,
            (true, false) => MtlsMode::Strict,
            _ => MtlsMode::Disable,
        };
    transports.into_iter().map(|(port, transports)| (port, mode(&transports))).collect()
}

#[test]
fn sidecars_accept_what_istiod_told_them_to() {
    let (mut equal, mut total) = (0, 0);
    for scenario in scenarios() {
        // EnvoyFilters change chains after the fact, and TLS of Sidecar listeners looks like mutual TLS.
        if scenario.name.starts_with("ef-") {
            continue;
        }
        for proxy in &scenario.proxies {
            let Some(workload) = scenario.workload(proxy) else { continue };
            if workload.proxy != Some(WorkloadRole::Sidecar) {
                continue;
            }
            let modes = scenario.mesh.inbound_mtls(workload);
            for (port, expected) in recorded(&scenario.resources(proxy, "listeners")) {
                total += 1;
                let actual = port.map_or(modes.default, |port| modes.port(port));
                if actual == expected {
                    equal += 1;
                } else {
                    println!(
                        "{} {}: {port:?}: {expected:?} is {actual:?}",
                        scenario.name, workload.reference
                    );
                }
            }
        }
    }
    println!("{equal} of {total} ports are equal");
    assert_eq!(equal, total);
}
