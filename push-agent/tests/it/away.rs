//! The loop: new releases, drift, and an API server that goes away and comes back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

use crate::agent::{Agent, Running, end};
use crate::api::Api;
use crate::release::{config_map, deployment, digest, namespace, release, write};
use crate::rollout::Rollouts;
use crate::server;
use crate::wait::{PATIENCE, until};

const OFTEN: [&str; 6] = ["--poll", "100ms", "--max-backoff", "1s", "--listen", "127.0.0.1:0"];

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn done(running: &mut Running, release: &str) -> Value {
    loop {
        let line = running.step("done");
        if line["release"] == release {
            return line;
        }
    }
}

/// Waits for a failure with this text. Others may come before: the loop does not stand still while a test does something.
fn failed_because(running: &mut Running, text: &str) {
    while !running.step("failed")["message"].as_str().unwrap().contains(text) {}
}

#[test]
fn a_new_release_is_delivered_once_the_api_server_is_back() {
    let Some(shared) = server::shared() else { return };
    let api = Api::connect(shared);
    let server = shared.another();
    let objects = |value: &str| [namespace("away"), config_map("away", "config", value)];
    let dist = release("away", &objects("one"));
    let mut running = Agent::of(&server).start("run", dist.path(), &OFTEN);
    let address = running.step("start")["listen"].as_str().unwrap().to_owned();
    done(&mut running, &digest(dist.path()));
    assert!(get(&address, "/readyz").starts_with("HTTP/1.1 200"));

    server.stop();
    write(dist.path(), "away", &objects("two"));
    for failures in 1..=3 {
        assert_eq!(running.step("failed")["failures"], failures);
    }
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"), "restarting the agent would not help");
    let metrics = get(&address, "/metrics");
    // It goes on trying while it is asked.
    let failures = metrics.lines().find_map(|line| line.strip_prefix("meshc_agent_consecutive_failures "));
    assert!(failures.unwrap().parse::<f64>().unwrap() >= 3.0, "{metrics}");
    let config = || api.get("/api/v1/namespaces/away/configmaps/config").unwrap()["data"]["key"].clone();
    assert_eq!(config(), "one");

    server.start_again();
    done(&mut running, &digest(dist.path()));
    assert_eq!(config(), "two");
    let metrics = get(&address, "/metrics");
    assert!(metrics.contains("meshc_agent_consecutive_failures 0"), "{metrics}");
    assert!(
        metrics.contains(&format!("meshc_agent_release_info{{digest=\"{}\"}} 1", digest(dist.path()))),
        "{metrics}"
    );
    assert_eq!(running.terminate(), Some(143));
    server.stop();
}

#[test]
fn a_push_that_loses_the_api_server_half_way_is_finished_by_the_next() {
    let Some(shared) = server::shared() else { return };
    let api = Api::connect(shared);
    let server = shared.another();
    let objects =
        |value: &str| [namespace("lost"), config_map("lost", "a", value), config_map("lost", "b", value)];
    Agent::of(shared).push(release("lost", &objects("first")).path(), &[]).well();
    // On a loaded machine the agent may be done before the server is gone.
    let (value, dist) = (0..20)
        .find_map(|round| {
            let value = round.to_string();
            let dist = release("lost", &objects(&value));
            let mut running = Agent::of(&server).start("push", dist.path(), &[]);
            running.step("apply");
            server.stop();
            let code = running.wait();
            if code == Some(0) {
                server.start_again();
                return None;
            }
            assert_eq!(code, Some(2));
            Some((value, dist))
        })
        .unwrap();
    let next = Agent::of(shared).push(dist.path(), &[]).well();
    assert!(next.stderr.contains("removing the record"), "{}", next.stderr);
    for name in ["a", "b"] {
        let config = api.get(&format!("/api/v1/namespaces/lost/configmaps/{name}")).unwrap();
        assert_eq!(config["data"]["key"], value);
    }
}

#[test]
fn drift_is_repaired_and_a_release_that_is_half_written_is_waited_for() {
    let Some(server) = server::shared() else { return };
    let api = Api::connect(server);
    let objects = |value: &str| [namespace("drift"), config_map("drift", "config", value)];
    let dist = release("drift", &objects("one"));
    let more = [&OFTEN[..], &["--drift-interval", "300ms"]].concat();
    let mut running = Agent::of(server).start("run", dist.path(), &more);
    done(&mut running, &digest(dist.path()));
    let path = "/api/v1/namespaces/drift/configmaps/config";
    let config = || api.get(path).map(|object| object["data"]["key"].clone());
    // Somebody deletes it, and somebody who owns nothing changes a field by force: the first is repaired, the second reported.
    api.delete(path);
    until("the object is there again", PATIENCE, || config().filter(|value| value == "one"));
    api.merge(&format!("{path}?fieldManager=somebody"), &json!({"data": {"key": "theirs"}}));
    failed_because(&mut running, "is owned by somebody");
    api.merge(&format!("{path}?fieldManager=somebody"), &json!({"data": null}));
    until("the field is ours again", PATIENCE, || config().filter(|value| value == "one"));

    let file = dist.path().join("k8s/namespaces/drift/configmap-config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "half").unwrap();
    failed_because(&mut running, "was changed");
    std::fs::write(&file, text).unwrap();
    done(&mut running, &digest(dist.path()));
    write(dist.path(), "drift", &objects("two"));
    done(&mut running, &digest(dist.path()));
    assert_eq!(config(), Some("two".into()));
}

#[test]
fn a_tag_that_moves_to_another_image_is_delivered() {
    let Some(server) = server::shared() else { return };
    let api = Api::connect(server);
    let layout = tempfile::tempdir().unwrap();
    let source = format!("oci:{}:stable", layout.path().display());
    let publish = |value: &str| {
        let dist = release("tag", &[namespace("tag"), config_map("tag", "config", value)]);
        let mut pack = Command::new(env!("CARGO_BIN_EXE_meshc-agent"));
        pack.arg("pack").arg(dist.path()).arg(&source);
        end(pack).well();
        digest(dist.path())
    };
    let first = publish("one");
    let mut running = Agent::of(server).start("run", &source, &OFTEN);
    done(&mut running, &first);
    let second = publish("two");
    done(&mut running, &second);
    assert_eq!(api.get("/api/v1/namespaces/tag/configmaps/config").unwrap()["data"]["key"], "two");
}

#[test]
fn a_release_that_was_rolled_back_is_not_tried_again_until_there_is_another() {
    let Some(server) = server::shared() else { return };
    let api = Api::connect(server);
    api.create("/api/v1/namespaces", &namespace("held"));
    let _rollouts = Rollouts::start(server, &["held"]);
    let objects = |image: &str| [namespace("held"), deployment("held", "app", image)];
    let dist = release("held", &objects("image:1"));
    let more = [&OFTEN[..], &["--drift-interval", "300ms"]].concat();
    let mut running = Agent::of(server).start("run", dist.path(), &more);
    done(&mut running, &digest(dist.path()));
    write(dist.path(), "held", &objects("broken:2"));
    failed_because(&mut running, "as it was before");
    running.step("held");
    let path = "/apis/apps/v1/namespaces/held/deployments/app";
    let version = || api.get(path).unwrap()["metadata"]["resourceVersion"].clone();
    // The stand-in for the controller may still be at it.
    let settled = until("the rollout has ended", PATIENCE, || {
        let live = api.get(path).unwrap();
        let seen = live["status"]["observedGeneration"] == live["metadata"]["generation"];
        seen.then(|| live["metadata"]["resourceVersion"].clone())
    });
    running.step("held");
    running.step("held");
    assert_eq!(version(), settled);
    // Another agent knows it too.
    drop(running);
    let mut running = Agent::of(server).start("run", dist.path(), &more);
    running.step("held");
    write(dist.path(), "held", &objects("image:3"));
    done(&mut running, &digest(dist.path()));
}
