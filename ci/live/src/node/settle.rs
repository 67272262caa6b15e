//! Proxies learn endpoints from DNS, at intervals of their own. Calls begin when every proxy has every address that its names
//! have now; that is asked of the proxies, not waited out.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::kubelet::Pod;
use super::{LOOK, Node, PATIENCE};
use crate::LiveError;
use crate::echo::{Call, Command, Reply};
use crate::exchange::Outcome;
use crate::kubernetes::ProxyProgram;

/// The admin interface of a proxy, which only its own pod reaches.
const ADMIN: &str = "http://127.0.0.1:15000";

/// The largest answer of the admin interface that is read.
const LARGEST_DUMP: usize = 64 << 20;

/// Addresses by cluster.
type Endpoints = BTreeMap<String, BTreeSet<String>>;

/// Waits until every proxy knows its endpoints.
pub(super) async fn wait(node: &Rc<Node>, pods: &[Pod]) -> Result<(), LiveError> {
    let mut missing = String::from("the proxies know their endpoints");
    let waiting = async {
        for pod in pods {
            let Some(program) = pod.proxy else { continue };
            let expected = match program {
                ProxyProgram::Envoy => of_envoy(node, pod).await?,
                ProxyProgram::MeshcProxy => of_meshc_proxy(node, pod).await?.0,
            };
            loop {
                let actual = match program {
                    ProxyProgram::Envoy => known_to_envoy(pod).await?,
                    ProxyProgram::MeshcProxy => of_meshc_proxy(node, pod).await?.1,
                };
                let Some(found) = first_missing(&expected, &actual) else { break };
                missing = format!("{}: {found}", pod.name);
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(())
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(done) => done,
        Err(_) => Err(LiveError::Deadline { seconds: PATIENCE.as_secs(), what: missing }),
    }
}

fn first_missing(expected: &Endpoints, actual: &Endpoints) -> Option<String> {
    let nothing = BTreeSet::new();
    expected
        .iter()
        .map(|(cluster, addresses)| (cluster, addresses, actual.get(cluster).unwrap_or(&nothing)))
        .find(|(_, addresses, known)| !addresses.is_subset(known))
        .map(|(cluster, addresses, known)| {
            format!("{cluster} has {known:?} and not yet all of {addresses:?}")
        })
}

/// What the names of each upstream of the bundled proxy resolve to, and what it knows of them.
async fn of_meshc_proxy(node: &Rc<Node>, pod: &Pod) -> Result<(Endpoints, Endpoints), LiveError> {
    let dump = dump(pod, "/config_dump").await?;
    let zone = node.zone.borrow();
    let upstreams = dump["config"]["upstreams"].as_object().into_iter().flatten();
    let resolved = upstreams.filter_map(|(name, upstream)| {
        let names = items(&upstream["discovery"]["endpoints"]["groups"])
            .flat_map(|group| items(&group["endpoints"]))
            .filter_map(|endpoint| endpoint["address"]["name"][0].as_str());
        let addresses: BTreeSet<String> =
            names.filter_map(|name| zone.lookup(name)).flatten().map(ToString::to_string).collect();
        (!addresses.is_empty()).then(|| (name.clone(), addresses))
    });
    let known = dump["endpoints"].as_object().into_iter().flatten().map(|(name, endpoints)| {
        let addresses =
            items(endpoints).filter_map(|endpoint| endpoint["address"].as_str()?.rsplit_once(':'));
        (name.clone(), addresses.map(|(address, _)| address.to_owned()).collect())
    });
    Ok((resolved.collect(), known.collect()))
}

/// What the names of each cluster of an Envoy resolve to.
async fn of_envoy(node: &Rc<Node>, pod: &Pod) -> Result<Endpoints, LiveError> {
    let mut endpoints = Endpoints::new();
    for kind in ["static_clusters", "dynamic_active_clusters"] {
        let dump = dump(pod, &format!("/config_dump?resource={kind}")).await?;
        for cluster in items(&dump["configs"]).map(|config| &config["cluster"]) {
            let addresses = items(&cluster["load_assignment"]["endpoints"])
                .flat_map(|locality| items(&locality["lb_endpoints"]))
                .filter_map(|endpoint| endpoint["endpoint"]["address"]["socket_address"]["address"].as_str());
            let zone = node.zone.borrow();
            let resolved: BTreeSet<String> = addresses
                .filter_map(|name| zone.lookup(name.trim_end_matches('.')))
                .flatten()
                .map(ToString::to_string)
                .collect();
            if !resolved.is_empty() {
                let name = cluster["name"].as_str().unwrap_or_default().to_owned();
                endpoints.insert(name, resolved);
            }
        }
    }
    Ok(endpoints)
}

/// What an Envoy knows.
async fn known_to_envoy(pod: &Pod) -> Result<Endpoints, LiveError> {
    let dump = dump(pod, "/clusters?format=json").await?;
    let clusters = items(&dump["cluster_statuses"]).map(|status| {
        let hosts = items(&status["host_statuses"])
            .filter_map(|host| host["address"]["socket_address"]["address"].as_str())
            .map(str::to_owned)
            .collect();
        (status["name"].as_str().unwrap_or_default().to_owned(), hosts)
    });
    Ok(clusters.collect())
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

async fn dump(pod: &Pod, path: &str) -> Result<Value, LiveError> {
    let get = Call::get(format!("{ADMIN}{path}"), BTreeMap::new());
    let call = Call { keep_body: LARGEST_DUMP, ..get };
    let failed = |seen: String| LiveError::Scenario(format!("{}: the proxy's {path} gave {seen}", pod.name));
    let reply = pod.ask(&Command::Call(Box::new(call))).await?;
    let Reply::Exchanges(mut exchanges) = reply else { return Err(failed(format!("{reply:?}"))) };
    match exchanges.pop().map(|exchange| exchange.outcome) {
        Some(Outcome::Answered(answer)) if answer.status == Some(200) => {
            serde_json::from_str(&answer.body).map_err(|error| failed(error.to_string()))
        }
        Some(outcome) => Err(failed(outcome.to_string())),
        None => Err(failed("nothing".to_owned())),
    }
}
