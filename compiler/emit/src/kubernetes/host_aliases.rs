//! Names that an application is told (`ISTIO_META_DNS_CAPTURE`): lines of `/etc/hosts` in its containers, and not in that of
//! the proxy, which has to find the real endpoints of the same names.
//!
//! Envoy's own DNS filter would say that a name does not exist where it only has no IPv6 address, and refuses queries for
//! anything but addresses; `/etc/hosts` leaves every other query alone.

use std::collections::BTreeSet;

use meshc_plan::Injection;
use serde_json::{Value, json};

use super::config_map::CONFIG_VOLUME;
use super::pods::{self, Fields};

/// The file of the proxy, as key of its ConfigMap.
const FILE: &str = "hosts";

/// States the names in the pods. What the object states itself comes first and wins.
pub(super) fn state(injection: &Injection, spec: &mut Fields) {
    if injection.names.is_empty() {
        return;
    }
    let aliases = pods::list(spec, "hostAliases");
    let stated: BTreeSet<String> = aliases
        .iter()
        .flat_map(|alias| alias.get("hostnames").and_then(Value::as_array).into_iter().flatten())
        .filter_map(Value::as_str)
        .map(str::to_ascii_lowercase)
        .collect();
    for (address, names) in &injection.names {
        let names: Vec<&String> = names.iter().filter(|name| !stated.contains(*name)).collect();
        if !names.is_empty() {
            aliases.push(json!({"ip": address.to_string(), "hostnames": names}));
        }
    }
}

/// The file of the proxy.
pub(super) fn files(injection: &Injection) -> Option<(&'static str, String)> {
    let text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
    (!injection.names.is_empty()).then(|| (FILE, text.to_owned()))
}

/// How the proxy sees it in place of the file that the kubelet writes for all containers.
pub(super) fn mount(injection: &Injection) -> Option<Value> {
    let mount = json!({"name": CONFIG_VOLUME, "mountPath": "/etc/hosts", "subPath": FILE, "readOnly": true});
    (!injection.names.is_empty()).then_some(mount)
}
