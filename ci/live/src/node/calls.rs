//! Makes the calls of a scenario and collects the verdicts.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::kubelet::Pod;
use super::{LOOK, Node, millis};
use crate::LiveError;
use crate::echo::{Call, Command, KEPT_BODY, Protocol, Reply, Seen};
use crate::exchange::Exchange;
use crate::report::CallReport;
use crate::traffic::{CallSpec, RequestSpec, SeenExpect, Traffic};
use crate::verdict;

/// How long it may take until requests that nobody waits for (mirrored ones) have arrived.
const STRAGGLERS: Duration = Duration::from_secs(30);

/// Makes every call, one after the other.
pub(super) async fn make(
    node: &Rc<Node>,
    pods: &[Pod],
    traffic: &Traffic,
    roots: &str,
) -> Result<Vec<CallReport>, LiveError> {
    let mut reports = Vec::new();
    for spec in &traffic.calls {
        reports.push(one(node, pods, spec, roots).await?);
    }
    Ok(reports)
}

async fn one(node: &Rc<Node>, pods: &[Pod], spec: &CallSpec, roots: &str) -> Result<CallReport, LiveError> {
    let unknown = |what: &str| LiveError::Scenario(format!("call `{}`: there is no {what}", spec.name));
    let caller = pods.iter().find(|pod| pod.name == spec.from).ok_or_else(|| unknown(&spec.from))?;
    if let Some(missing) = spec.expect.seen.keys().find(|name| pods.iter().all(|pod| pod.name != **name)) {
        return Err(unknown(missing));
    }
    for pod in pods {
        pod.ask(&Command::Forget).await?;
    }
    let call = call(node, pods, spec, roots).ok_or_else(|| unknown("such place to connect to"))?;
    let start = Instant::now();
    let exchanges = match caller.ask(&Command::Call(Box::new(call))).await? {
        Reply::Exchanges(exchanges) => exchanges,
        reply => {
            return Err(LiveError::Scenario(format!("call `{}`: the application said {reply:?}", spec.name)));
        }
    };
    let elapsed = start.elapsed();
    let seen = seen(pods, &spec.expect.seen).await?;
    let problems = verdict::judge(&spec.expect, &exchanges, &seen);
    Ok(CallReport {
        name: spec.name.clone(),
        from: spec.from.clone(),
        url: spec.request.url.clone(),
        repeat: spec.repeat,
        outcome: verdict::summary(&spec.expect, &exchanges, &seen),
        elapsed_ms: millis(elapsed),
        sample: if problems.is_empty() { None } else { sample(&spec.expect, exchanges) },
        problems,
    })
}

/// The first exchange that is not what was expected, or just the first.
fn sample(expect: &crate::traffic::Expect, exchanges: Vec<Exchange>) -> Option<Exchange> {
    let wrong = exchanges.iter().position(|exchange| !verdict::is_as_expected(expect, exchange));
    exchanges.into_iter().nth(wrong.unwrap_or(0))
}

fn call(node: &Rc<Node>, pods: &[Pod], spec: &CallSpec, roots: &str) -> Option<Call> {
    let RequestSpec {
        url,
        connect_to,
        method,
        protocol,
        headers,
        body,
        timeout,
        new_connections,
        keep_cookies,
    } = &spec.request;
    let connect_to = match connect_to {
        None => None,
        Some(place) => Some(match place.strip_prefix("pod:") {
            Some(workload) => pods.iter().find(|pod| pod.name == workload)?.address,
            None => node.services.address(place)?,
        }),
    };
    let default_method = if *protocol == Protocol::Grpc { "POST" } else { "GET" };
    Some(Call {
        url: url.clone(),
        protocol: *protocol,
        method: method.as_deref().unwrap_or(default_method).to_owned(),
        headers: headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect(),
        body: body.clone(),
        connect_to: connect_to.map(|address| address.to_string()),
        roots: Some(roots.to_owned()),
        keep_body: KEPT_BODY,
        repeat: spec.repeat,
        concurrency: spec.concurrency,
        new_connections: *new_connections,
        keep_cookies: *keep_cookies,
        timeout: *timeout,
    })
}

/// What reached the applications that a verdict speaks of, once it is what is expected or stragglers had their time.
async fn seen(
    pods: &[Pod],
    expected: &BTreeMap<String, SeenExpect>,
) -> Result<BTreeMap<String, Seen>, LiveError> {
    let start = Instant::now();
    loop {
        let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
        for pod in pods.iter().filter(|pod| expected.contains_key(&pod.name)) {
            if let Reply::Seen(of_pod) = pod.ask(&Command::Seen).await? {
                let of_workload = seen.entry(pod.name.clone()).or_default();
                of_workload.requests += of_pod.requests;
                of_workload.last = of_pod.last.or(of_workload.last.take());
            }
        }
        let requests = |name: &String| seen.get(name).map_or(0, |seen| seen.requests);
        let complete = expected.iter().all(|(name, expect)| expect.requests.holds(requests(name)));
        if complete || start.elapsed() > STRAGGLERS {
            return Ok(seen);
        }
        tokio::time::sleep(LOOK).await;
    }
}
