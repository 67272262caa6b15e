//! Rules of capture against those of Istio's own tests.

use std::collections::BTreeMap;

use meshc_emit::kubernetes::{IpFamily, iptables_rules};
use meshc_plan::{CaptureMode, InboundPorts, IpRange, OutboundRanges, TrafficCapture};
use serde_json::Value;

use super::compile::conformance;

/// Rules by table and chain, in the order in which they stand in the chain in the end.
type Chains = BTreeMap<(String, String), Vec<String>>;

fn list(config: &Value, key: &str) -> Vec<String> {
    let text = config[key].as_str().unwrap_or_default();
    text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn ports(config: &Value, key: &str) -> Vec<u16> {
    list(config, key).iter().map(|port| port.parse().unwrap()).collect()
}

fn ranges(config: &Value, key: &str) -> Vec<IpRange> {
    let range = |text: &String| {
        let (address, prefix) = text.split_once('/').unwrap();
        IpRange { address: address.parse().unwrap(), prefix: prefix.parse().unwrap() }
    };
    list(config, key).iter().map(range).collect()
}

/// The settings of a recorded case; `None` for those that no annotation of a pod asks for.
fn capture(config: &Value) -> Option<TrafficCapture> {
    let number = |key: &str| config[key].as_str().unwrap().parse::<u32>().ok();
    let all = |key: &str| config[key] == "*";
    if config["REDIRECT_DNS"] == true
        || !all("OUTBOUND_OWNER_GROUPS_INCLUDE")
        || !list(config, "OUTBOUND_OWNER_GROUPS_EXCLUDE").is_empty()
    {
        return None;
    }
    Some(TrafficCapture {
        mode: if config["INBOUND_INTERCEPTION_MODE"] == "TPROXY" {
            CaptureMode::Tproxy
        } else {
            CaptureMode::Redirect
        },
        outbound_port: 15001,
        inbound_port: 15006,
        proxy_user: number("PROXY_UID")?,
        proxy_group: number("PROXY_GID")?,
        inbound: if all("INBOUND_PORTS_INCLUDE") {
            InboundPorts::AllBut(ports(config, "INBOUND_PORTS_EXCLUDE"))
        } else {
            InboundPorts::Only(ports(config, "INBOUND_PORTS_INCLUDE"))
        },
        outbound: if all("OUTBOUND_IPRANGES_INCLUDE") {
            OutboundRanges::All
        } else {
            OutboundRanges::Only(ranges(config, "OUTBOUND_IPRANGES_INCLUDE"))
        },
        excluded_outbound_ranges: ranges(config, "OUTBOUND_IPRANGES_EXCLUDE"),
        included_outbound_ports: ports(config, "OUTBOUND_PORTS_INCLUDE"),
        excluded_outbound_ports: ports(config, "OUTBOUND_PORTS_EXCLUDE"),
        excluded_interfaces: list(config, "EXCLUDE_INTERFACES"),
        virtual_interfaces: list(config, "KUBE_VIRT_INTERFACES"),
        ipv6: config["ENABLE_INBOUND_IPV6"] == true,
    })
}

/// Applies rules to empty chains.
fn apply<'l>(lines: impl Iterator<Item = &'l str>) -> Chains {
    let (mut chains, mut table) = (Chains::new(), String::new());
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["-A", chain, ref rule @ ..] => {
                chains.entry((table.clone(), chain.to_owned())).or_default().push(rule.join(" "));
            }
            ["-I", chain, position, ref rule @ ..] => {
                let place = position.parse::<usize>().unwrap() - 1;
                chains.entry((table.clone(), chain.to_owned())).or_default().insert(place, rule.join(" "));
            }
            _ if line.starts_with('*') => table = line.trim_start_matches(['*', ' ']).to_owned(),
            _ => {}
        }
    }
    chains
}

/// The lines of each family: those of IPv6 begin where a table comes a second time.
fn families(expected: &[String]) -> (Vec<&str>, Vec<&str>) {
    let mut seen = Vec::new();
    let start = expected.iter().position(|line| {
        let again = line.starts_with('*') && seen.contains(line);
        seen.push(line.clone());
        again
    });
    let (v4, v6) = expected.split_at(start.unwrap_or(expected.len()));
    (v4.iter().map(String::as_str).collect(), v6.iter().map(String::as_str).collect())
}

#[test]
fn rules_are_those_of_istio_in_every_recorded_case_that_annotations_can_ask_for() {
    let Some(folder) = conformance("iptables") else { return };
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_str().unwrap().starts_with("sidecar-") {
            continue;
        }
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let Some(capture) = capture(&case["config"]) else { continue };
        let expected: Vec<String> = serde_json::from_value(case["expected"].clone()).unwrap();
        let (v4, v6) = families(&expected);
        for (family, expected) in [(IpFamily::V4, v4), (IpFamily::V6, v6)] {
            if family == IpFamily::V6 && !capture.ipv6 {
                continue;
            }
            let rules = iptables_rules(&capture, family);
            assert_eq!(apply(rules.lines()), apply(expected.into_iter()), "{} {family:?}", path.display());
        }
        compared += 1;
    }
    assert!(compared >= 10, "only {compared} cases were compared");
}

fn default_capture() -> TrafficCapture {
    TrafficCapture {
        mode: CaptureMode::Redirect,
        outbound_port: 15001,
        inbound_port: 15006,
        proxy_user: 1337,
        proxy_group: 1337,
        inbound: InboundPorts::AllBut(vec![15090, 15021, 15020]),
        outbound: OutboundRanges::All,
        excluded_outbound_ranges: Vec::new(),
        included_outbound_ports: Vec::new(),
        excluded_outbound_ports: vec![7],
        excluded_interfaces: Vec::new(),
        virtual_interfaces: Vec::new(),
        ipv6: false,
    }
}

#[test]
fn what_istio_injects_by_default_is_captured_by_default() {
    let expected = "\
*nat
:ISTIO_INBOUND - [0:0]
:ISTIO_IN_REDIRECT - [0:0]
:ISTIO_OUTPUT - [0:0]
:ISTIO_REDIRECT - [0:0]
-A ISTIO_INBOUND -p tcp --dport 15008 -j RETURN
-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006
-A PREROUTING -p tcp -j ISTIO_INBOUND
-A ISTIO_INBOUND -p tcp --dport 15090 -j RETURN
-A ISTIO_INBOUND -p tcp --dport 15021 -j RETURN
-A ISTIO_INBOUND -p tcp --dport 15020 -j RETURN
-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT
-A OUTPUT -j ISTIO_OUTPUT
-A ISTIO_OUTPUT -p tcp --dport 7 -j RETURN
-A ISTIO_OUTPUT -p udp --dport 7 -j RETURN
-A ISTIO_OUTPUT -o lo -s 127.0.0.6/32 -j RETURN
-A ISTIO_OUTPUT -o lo ! -d 127.0.0.1/32 -p tcp ! --dport 15008 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT
-A ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -o lo ! -d 127.0.0.1/32 -p tcp ! --dport 15008 -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT
-A ISTIO_OUTPUT -o lo -m owner ! --gid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
-A ISTIO_OUTPUT -j ISTIO_REDIRECT
COMMIT
";
    assert_eq!(iptables_rules(&default_capture(), IpFamily::V4), expected);
}
