//! Steady load while the proxy changes.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::backend;
use crate::credentials::Root;
use crate::proxy::{Proxy, Setup};
use crate::tool;

/// Requests that the load consists of at least.
const REQUESTS: u64 = 20_000;

/// Seconds that one run of h2load lasts; it cannot be told to stop.
const RUN: &str = "3";

/// Counts of h2load.
#[derive(Debug, Default)]
struct Load {
    total: u64,
    succeeded: u64,
    failed: u64,
    errored: u64,
    timed_out: u64,
    statuses_2xx: u64,
}

impl Load {
    fn add(&mut self, other: &Self) {
        self.total += other.total;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.errored += other.errored;
        self.timed_out += other.timed_out;
        self.statuses_2xx += other.statuses_2xx;
    }
}

/// Loads a port until something has happened, however long that takes, and until there were enough requests.
fn under_load(h2load: &Path, port: u16, happens: impl FnOnce()) -> Load {
    let happened = AtomicBool::new(false);
    // Two loads side by side, so that one goes on while the other starts again.
    let load = || {
        let mut load = Load::default();
        while !happened.load(Ordering::Relaxed) || load.total < REQUESTS / 2 {
            load.add(&run(h2load, port));
        }
        load
    };
    std::thread::scope(|scope| {
        let loads = [scope.spawn(load), scope.spawn(load)];
        let told = Told(&happened);
        happens();
        drop(told);
        let mut sum = Load::default();
        loads.into_iter().for_each(|load| sum.add(&load.join().unwrap()));
        sum
    })
}

/// Ends the load, also when what happens fails.
struct Told<'a>(&'a AtomicBool);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Loads a port for some seconds.
fn run(h2load: &Path, port: u16) -> Load {
    let url = format!("http://127.0.0.1:{port}/");
    let output =
        Command::new(h2load).args(["--h1", "-t", "1", "-c", "16", "-D", RUN, &url]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    // The lines with the counts, without those on connections and times.
    let text: String = text
        .lines()
        .filter(|line| ["requests:", "status"].iter().any(|word| line.starts_with(word)))
        .map(|line| format!("{line}\n"))
        .collect();
    let number = |label: &str| -> u64 {
        let words: Vec<&str> = text.split([' ', ',', '\n']).filter(|word| !word.is_empty()).collect();
        let at =
            words.iter().position(|word| *word == label).unwrap_or_else(|| panic!("no {label} in {text}"));
        words[at - 1].parse().unwrap()
    };
    Load {
        total: number("total"),
        succeeded: number("succeeded"),
        failed: number("failed"),
        errored: number("errored"),
        timed_out: number("timeout"),
        statuses_2xx: number("2xx"),
    }
}

fn assert_nothing_failed(load: &Load) {
    let Load { total, succeeded, failed, errored, timed_out, statuses_2xx } = load;
    assert!(*total >= REQUESTS, "{load:?}");
    assert_eq!((failed, errored, timed_out), (&0, &0, &0), "{load:?}");
    assert_eq!((succeeded, statuses_2xx), (total, total), "{load:?}");
}

#[test]
fn no_request_fails_over_ten_reloads() {
    let Some(h2load) = tool::find("MESHC_H2LOAD", "h2load") else { return };
    let _alone = tool::alone();
    let root = Root::new();
    let proxy = Proxy::start(
        &root,
        &Setup {
            workload: "edge",
            upstream: backend::start(Duration::ZERO),
            downstream_tls: Value::Null,
            upstream_tls: json!("none"),
            protocol: "http1",
        },
    );
    let load = under_load(&h2load, proxy.port, || (1..=10).for_each(|generation| proxy.reload(generation)));
    assert_nothing_failed(&load);
}

#[test]
fn no_request_fails_over_a_rotation_of_both_sides_of_mutual_tls() {
    let Some(h2load) = tool::find("MESHC_H2LOAD", "h2load") else { return };
    let _alone = tool::alone();
    let root = Root::new();
    let server = Proxy::start(
        &root,
        &Setup {
            workload: "server",
            upstream: backend::start(Duration::ZERO),
            downstream_tls: json!({
                "certificates": ["workload"],
                "client": { "required": true, "roots": "mesh" },
                "alpn": ["istio-h2", "istio-http/1.1", "h2", "http/1.1"],
            }),
            upstream_tls: json!("none"),
            protocol: "http1",
        },
    );
    let client = Proxy::start(
        &root,
        &Setup {
            workload: "client",
            upstream: (Ipv4Addr::LOCALHOST, server.port).into(),
            downstream_tls: Value::Null,
            upstream_tls: json!({ "always": {
                "istioMutual": true,
                "certificate": "workload",
                "roots": "mesh",
                "names": [server.identity.to_string()],
                "sni": "outbound_.80_._.server.shop.svc.cluster.local",
            } }),
            protocol: "http2",
        },
    );
    let load = under_load(&h2load, client.port, || {
        server.rotate(&root, 2);
        client.rotate(&root, 3);
    });
    assert_nothing_failed(&load);
}
