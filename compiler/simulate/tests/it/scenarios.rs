//! What is predicted for the calls of `testdata/scenarios` is what they expect, and what real Envoys do in the live harness.
//!
//! Looked at is what a plan decides: who answers with what share, which status a proxy answers with, and what arrives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use meshc_contract::WorkloadRef;
use meshc_plan::{EndpointAddress, Plan};
use meshc_simulate::{CallProtocol, Caller, Connect, End, HttpRequest, Outcome, Request, Server, predict};
use serde_json::Value;

use crate::compile::{compile, documents, lock};

/// How far a share may be from the expected one; the numbers of both are exact.
const TOLERANCE: f64 = 0.01;

/// Folders with a `traffic.yaml`.
fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/scenarios"));
    let mut folders = vec![root.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        if folder.join("traffic.yaml").exists() {
            found.push(folder);
            continue;
        }
        folders.extend(
            std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.is_dir()),
        );
    }
    found.sort();
    found
}

struct Scenario {
    traffic: Value,
    plan: Plan,
    addresses: BTreeMap<String, std::net::IpAddr>,
}

impl Scenario {
    fn read(folder: &Path) -> Self {
        let mut files = Vec::new();
        let mut folders = vec![folder.join("mesh")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "lock")
                {
                    files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
        files.sort();
        let text = std::fs::read_to_string(folder.join("traffic.yaml")).unwrap();
        let locked = lock(&files).service_entries.into_iter();
        let addresses = files
            .iter()
            .flat_map(|(_, text)| documents(text))
            .filter_map(|object| address(&object))
            .chain(locked.map(|(host, locked)| (host.host, locked.addresses.0.into())))
            .collect();
        Self { traffic: documents(&text).remove(0), plan: compile(&files, "", ""), addresses }
    }

    /// What an application does on a path, where that is not to answer.
    fn has_rule(&self, workload: &str, path: &str) -> bool {
        let rules = self.traffic["applications"][workload]["paths"].as_object();
        rules.into_iter().flatten().any(|(prefix, rule)| {
            path.starts_with(prefix.as_str()) && (rule.get("fault").is_some() || rule.get("delay").is_some())
        })
    }

    fn request(&self, call: &Value) -> Request {
        let request = &call["request"];
        let (scheme, rest) = request["url"].as_str().unwrap().split_once("://").unwrap();
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let tls = matches!(scheme, "https" | "tls");
        let usual = if tls { 443 } else { 80 };
        let (host, port) = authority
            .split_once(':')
            .map_or((authority, usual), |(host, port)| (host, port.parse().unwrap()));
        let grpc = request["protocol"] == "grpc";
        let protocol = match (scheme, request["protocol"].as_str()) {
            ("tcp" | "tls", _) => CallProtocol::Tcp,
            (_, Some("http2" | "grpc")) => CallProtocol::Http2,
            _ => CallProtocol::Http1,
        };
        let headers = request["headers"].as_object().into_iter().flatten();
        let mut headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        if grpc {
            headers.insert("content-type".to_owned(), "application/grpc".to_owned());
            headers.insert("te".to_owned(), "trailers".to_owned());
        }
        Request {
            tls,
            protocol,
            connect: match request["connectTo"].as_str().map(|to| (to, to.strip_prefix("pod:"))) {
                None => Connect::Url,
                Some((_, Some(pod))) => Connect::Pod(workload(pod)),
                Some((host, None)) => Connect::Host(host.to_owned()),
            },
            method: request["method"].as_str().unwrap_or(if grpc { "POST" } else { "GET" }).to_owned(),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            headers,
            addresses: self.addresses.clone(),
            ..Request::new(self.caller(call), host, port)
        }
    }

    fn caller(&self, call: &Value) -> Caller {
        let from = call["from"].as_str().unwrap();
        if self.traffic["outside"].get(from).is_some() {
            Caller::Outside
        } else {
            Caller::Workload(workload(from))
        }
    }
}

fn workload(name: &str) -> WorkloadRef {
    let (namespace, name) = name.split_once('.').unwrap();
    WorkloadRef { namespace: namespace.to_owned(), name: name.to_owned() }
}

/// The stated address of a Service.
fn address(object: &Value) -> Option<(String, std::net::IpAddr)> {
    let address = object["spec"]["clusterIP"].as_str()?.parse().ok()?;
    let (name, namespace) = (object["metadata"]["name"].as_str()?, object["metadata"]["namespace"].as_str()?);
    Some((format!("{name}.{namespace}.svc.cluster.local"), address))
}

/// Shares of what a word is found for.
fn shares(outcomes: &[Outcome<'_>], word: impl Fn(&End) -> Option<String>) -> BTreeMap<String, f64> {
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    for outcome in outcomes {
        if let Some(word) = word(&outcome.end) {
            *shares.entry(word).or_default() += outcome.share * 100.0;
        }
    }
    shares
}

/// The workload that serves, or the pod outside of the mesh that has the host.
fn server(scenario: &Scenario, request: &Request, end: &End) -> Option<String> {
    let End::Served { by, .. } = end else { return None };
    let host = match by {
        Server::Workload(workload) => return Some(workload.to_string()),
        Server::Endpoint(EndpointAddress::Name(host, _)) => host,
        Server::Endpoint(EndpointAddress::Ip(..) | EndpointAddress::Unix(_)) => {
            return Some(format!("{by:?}"));
        }
        Server::Dialled => &request.host,
    };
    let pods = scenario.traffic["outside"].as_object().into_iter().flatten();
    let has_host =
        |pod: &Value| pod["hosts"].as_array().is_some_and(|hosts| hosts.iter().any(|one| one == host));
    Some(
        pods.into_iter()
            .find(|(_, pod)| has_host(pod))
            .map_or_else(|| host.clone(), |(name, _)| name.clone()),
    )
}

fn status(end: &End) -> Option<String> {
    match end {
        End::Served { .. } => Some("200".to_owned()),
        End::Answered { status, .. } => Some(status.to_string()),
        End::Closed | End::Loops => None,
    }
}

/// What of a call is not as expected.
fn problems(scenario: &Scenario, call: &Value) -> Vec<String> {
    let request = scenario.request(call);
    let outcomes = predict(&scenario.plan, &request);
    let expect = &call["expect"];
    let mut problems = Vec::new();
    let servers = shares(&outcomes, |end| server(scenario, &request, end));
    let applied = servers.keys().any(|server| scenario.has_rule(server, &request.path));
    let mut same = |what: &str, expected: BTreeMap<String, f64>, found: BTreeMap<String, f64>| {
        let close = |(word, share): (&String, &f64)| {
            found.get(word).is_some_and(|found| (found - share).abs() < TOLERANCE)
        };
        if expected.len() != found.len() || !expected.iter().all(close) {
            problems.push(format!("{what} {found:?}, expected {expected:?}"));
        }
    };
    let numbers = |value: &Value| -> BTreeMap<String, f64> {
        value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(word, share)| (word.clone(), share.as_f64().unwrap()))
            .collect()
    };
    let all = |word: &str| BTreeMap::from([(word.to_owned(), 100.0)]);
    if let Some(server) = expect["servedBy"].as_str() {
        same("served by", all(server), servers.clone());
    }
    if expect["split"].is_object() {
        same("split", numbers(&expect["split"]), servers);
    }
    // Ejections, limits and foreign certificates are known only at run time; where the call leads is known before.
    let at_run_time = call["onlyAtRunTime"].is_string();
    if at_run_time {
        let leads = outcomes.iter().all(|outcome| matches!(outcome.end, End::Served { .. }));
        return if leads { Vec::new() } else { vec![format!("leads to {outcomes:?}")] };
    }
    if expect["statuses"].is_object() {
        same("statuses", numbers(&expect["statuses"]), shares(&outcomes, status));
    }
    if let Some(expected) = expect["status"].as_u64().filter(|_| !applied) {
        same("status", all(&expected.to_string()), shares(&outcomes, status));
    }
    if expect["fails"].is_array() {
        same(
            "closed",
            all("closed"),
            shares(&outcomes, |end| (*end == End::Closed).then(|| "closed".to_owned())),
        );
    }
    for outcome in &outcomes {
        match &outcome.end {
            End::Served { request: Some(received), .. } => {
                problems.extend(received_problems(expect, received))
            }
            End::Answered { grpc_status, location, .. } => {
                problems.extend(answer_problems(expect, *grpc_status, location.as_deref()));
            }
            _ => {}
        }
    }
    problems
}

fn answer_problems(expect: &Value, grpc_status: Option<u32>, location: Option<&str>) -> Vec<String> {
    let found = BTreeMap::from([
        ("location", location.map(str::to_owned)),
        ("grpc-status", grpc_status.map(|status| status.to_string())),
    ]);
    let expected = expect["responseHeaders"].as_object().into_iter().flatten();
    expected
        .filter_map(|(name, value)| {
            let found = found.get(name.as_str())?;
            (found.as_deref() != value.as_str()).then(|| format!("{name} is {found:?}, expected {value}"))
        })
        .collect()
}

fn received_problems(expect: &Value, received: &HttpRequest) -> Vec<String> {
    let mut problems = Vec::new();
    for (key, found) in [("receivedPath", &received.path), ("receivedAuthority", &received.authority)] {
        if expect[key].as_str().is_some_and(|expected| expected != found) {
            problems.push(format!("{key} is {found}, expected {}", expect[key]));
        }
    }
    let without_spaces = |text: String| text.replace(", ", ",");
    for (name, expected) in expect["receivedHeaders"].as_object().into_iter().flatten() {
        let found = received.header(name);
        if found != expected.as_str().map(|text| without_spaces(text.to_owned())) {
            problems.push(format!("{name} is {found:?}, expected {expected}"));
        }
    }
    for (name, expected) in expect["receivedContains"].as_object().into_iter().flatten() {
        let found = received.header(name).unwrap_or_default();
        if !found.contains(expected.as_str().unwrap()) {
            problems.push(format!("{name} is {found:?}, expected {expected} in it"));
        }
    }
    problems
}

#[test]
fn predictions_are_what_scenarios_expect() {
    let folders = scenarios();
    assert!(!folders.is_empty());
    let (mut calls, mut wrong) = (0, Vec::new());
    for folder in folders {
        let scenario = Scenario::read(&folder);
        for call in scenario.traffic["calls"].as_array().unwrap() {
            calls += 1;
            let name = format!("{} / {}", folder.file_name().unwrap().display(), call["name"]);
            wrong.extend(problems(&scenario, call).into_iter().map(|problem| format!("{name}: {problem}")));
        }
    }
    println!("{calls} calls predicted");
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}
