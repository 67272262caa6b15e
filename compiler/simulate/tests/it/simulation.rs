//! Every call of Istio's traffic simulation ends in the listener, chain, route, cluster or error that Istio expects.

use std::path::{Path, PathBuf};

use meshc_emit::envoy::names;
use meshc_plan::RouteTable;
use meshc_simulate::{Failure, Trace, Verdict, simulate};
use serde_json::{Value, json};

use crate::case::{Case, call};
use crate::expectations;

/// The cases; none, with a printed reason, where they are not beside the project.
fn cases() -> Vec<Case> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance/simulation"));
    let Ok(entries) = std::fs::read_dir(folder) else {
        assert!(std::env::var_os("CI").is_none(), "{} must be there where CI is set", folder.display());
        println!("skipped: {} is not on this machine", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.iter().map(|path| Case::read(path)).collect()
}

/// What Istio's simulator says of a walk, in its words.
fn result(trace: &Trace<'_>) -> Value {
    let cluster = trace.destinations().first().map(|destination| names::upstream(destination.name));
    let named = |(table, inline): (&RouteTable, bool)| (!inline).then(|| names::route_table(&table.name));
    json!({
        "error": error(trace),
        "listener": trace.listener().map(|listener| names::listener(&listener.name)).unwrap_or_default(),
        "filter_chain": trace.chain().and_then(|chain| chain.name.clone()).unwrap_or_default(),
        "route_config": trace.route_table().and_then(named).unwrap_or_default(),
        "virtual_host": trace.virtual_host().map(|host| host.name.clone()).unwrap_or_default(),
        "route": trace.route().and_then(|route| route.name.clone()).unwrap_or_default(),
        "cluster": cluster.unwrap_or_default(),
    })
}

fn error(trace: &Trace<'_>) -> Option<&'static str> {
    match &trace.verdict {
        Verdict::Tcp(_) | Verdict::Http { .. } => None,
        Verdict::RedirectedToHttps { .. } => Some("ErrTLSRedirect"),
        Verdict::Failed(failure) => Some(match failure {
            Failure::NoListener => "ErrNoListener",
            Failure::NoFilterChain => "ErrNoFilterChain",
            Failure::MultipleFilterChains => "ErrMultipleFilterChain",
            Failure::NoVirtualHost | Failure::NoRouteTable => "ErrNoVirtualHost",
            Failure::NoRoute => "ErrNoRoute",
            Failure::TlsError => "ErrTLSError",
            Failure::MtlsError => "ErrMTLSError",
            Failure::ProtocolError => "ErrProtocolError",
            Failure::NoTerminalFilter | Failure::BadRequest | Failure::NoAction => "another",
        }),
        // Istio has no word for an answer of the proxy itself.
        Verdict::Answered { .. } => None,
        _ => Some("another"),
    }
}

/// Whether a field is as expected. Istio's unit tests run without a DNS domain, so that short names end with the namespace.
fn is_expected(field: &str, expected: &Value, found: &Value) -> bool {
    let completed = || Some(format!("{}.svc.cluster.local", expected.as_str()?));
    expected == found || (field == "cluster" && completed().as_deref() == found.as_str())
}

/// What is not as expected.
fn problems(case: &Case) -> Vec<String> {
    let mut problems = Vec::new();
    let proxy_type = case.recorded["proxy"]["type"].as_str().unwrap();
    for recorded in case.recorded["calls"].as_array().unwrap() {
        let trace = simulate(case.proxy(), &call(recorded, proxy_type));
        let found = result(&trace);
        let expected = &recorded["expected"];
        if !expected["skip"].is_null() {
            continue;
        }
        for (field, found) in found.as_object().unwrap() {
            let nothing = json!("");
            let strict = (expected["strict_match"] == true).then_some(&nothing);
            let Some(expected) = expected.get(field).or(strict) else { continue };
            if !is_expected(field, expected, found) {
                let name = recorded["name"].as_str().unwrap();
                problems.push(format!("{} / {name}: {field} is {found}, expected {expected}", case.name));
            }
        }
    }
    problems
}

#[test]
fn calls_end_as_istio_expects() {
    let cases = cases();
    let calls = cases.iter().map(|case| case.recorded["calls"].as_array().map_or(0, Vec::len)).sum::<usize>();
    println!("{calls} calls of {} meshes", cases.len());
    let problems: Vec<String> = cases.iter().flat_map(problems).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn routes_and_upstreams_are_what_istio_expects() {
    let cases = cases();
    let own = cases.iter().filter(|case| !case.is_of_gateway_api());
    let problems: Vec<String> = own.flat_map(expectations::problems).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
