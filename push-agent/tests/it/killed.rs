//! Runs that are killed at every step, and the next run that does the rest.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agent::{Agent, STATE};
use crate::api::Api;
use crate::release::{config_map, deployment, digest, namespace, release, service};
use crate::rollout::Rollouts;
use crate::server::{self, Server};

/// Most steps of a run; more would mean that a loop in a test does not end.
const MOST_STEPS: usize = 60;

/// Starts a push and kills it when its n-th log line appears; says whether it lived that long.
fn kill_at(agent: &Agent, dist: &TempDir, step: usize) -> Option<String> {
    let mut running = agent.start("push", dist.path(), &[]);
    for _ in 1..step {
        running.line()?;
    }
    let line = running.line()?;
    running.kill();
    Some(line["step"].as_str().unwrap().to_owned())
}

/// The cluster is as a release says and nothing of the agent's is left over.
#[track_caller]
fn assert_converged(api: &Api, mesh: &str, dist: &TempDir) {
    let parent = api.get(&format!("/api/v1/namespaces/{STATE}/configmaps/meshc-{mesh}")).unwrap();
    assert_eq!(parent["data"]["release"], digest(dist.path()));
    assert_eq!(parent["data"].get("failed"), None);
    let undo = api.items(&format!("/api/v1/namespaces/{STATE}/secrets"));
    let name = |secret: &Value| secret["metadata"]["name"].as_str().unwrap().to_owned();
    let left: Vec<String> =
        undo.iter().map(name).filter(|name| name.starts_with(&format!("meshc-{mesh}-undo"))).collect();
    assert_eq!(left, Vec::<String>::new());
}

fn one(name: &str) -> TempDir {
    release(
        name,
        &[
            namespace(name),
            config_map(name, "config", "one"),
            service(name, "stays"),
            service(name, "stays-too"),
            service(name, "stays-as-well"),
            service(name, "goes"),
            deployment(name, "app", "image:1"),
        ],
    )
}

fn two(name: &str, image: &str) -> TempDir {
    release(
        name,
        &[
            namespace(name),
            config_map(name, "config", "two"),
            service(name, "stays"),
            service(name, "stays-too"),
            service(name, "stays-as-well"),
            service(name, "comes"),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app", "namespace": name}}),
            deployment(name, "app", image),
        ],
    )
}

fn image(api: &Api, name: &str) -> Value {
    let live = api.get(&format!("/apis/apps/v1/namespaces/{name}/deployments/app")).unwrap();
    live["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

fn has_service(api: &Api, name: &str, service: &str) -> bool {
    api.get(&format!("/api/v1/namespaces/{name}/services/{service}")).is_some()
}

/// Kills a run of `broken` at every step and lets a run of `next` follow, each time from the state of `first`. Returns the steps.
fn at_every_step(
    server: &Server,
    mesh: &str,
    releases: [&TempDir; 3],
    check: impl Fn(&Api, &str),
) -> Vec<String> {
    let [first, broken, next] = releases;
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let mut steps = Vec::new();
    for step in 1..MOST_STEPS {
        agent.push(first.path(), &[]).well();
        let Some(killed_at) = kill_at(&agent, broken, step) else { break };
        agent.push(next.path(), &[]).well();
        assert_converged(&api, mesh, next);
        check(&api, &killed_at);
        steps.push(killed_at);
    }
    assert!(steps.len() < MOST_STEPS - 1, "{steps:?}");
    steps
}

#[test]
fn an_update_that_is_killed_at_any_step_is_finished_by_the_next_run() {
    let Some(server) = server::shared() else { return };
    let rollouts = prepared(server, "killed");
    let (first, next) = (one("killed"), two("killed", "image:2"));
    let steps = at_every_step(server, "killed", [&first, &next, &next], |api, step| {
        assert_eq!(image(api, "killed"), "image:2", "killed at {step}");
        assert!(
            has_service(api, "killed", "comes") && !has_service(api, "killed", "goes"),
            "killed at {step}"
        );
    });
    drop(rollouts);
    for step in ["verify", "plan", "announce", "record", "apply", "wait", "prune", "settle", "forget"] {
        assert!(steps.iter().any(|found| found == step), "{step} in {steps:?}");
    }
}

#[test]
fn a_failing_update_that_is_killed_at_any_step_gives_way_to_the_good_release() {
    let Some(server) = server::shared() else { return };
    let rollouts = prepared(server, "failing");
    let (first, broken) = (one("failing"), two("failing", "broken:2"));
    let steps = at_every_step(server, "failing", [&first, &broken, &first], |api, step| {
        assert_eq!(image(api, "failing"), "image:1", "killed at {step}");
        assert!(
            !has_service(api, "failing", "comes") && has_service(api, "failing", "goes"),
            "killed at {step}"
        );
    });
    drop(rollouts);
    assert!(steps.iter().any(|found| found == "rollback"), "{steps:?}");
}

#[test]
fn a_rollback_that_was_killed_is_still_possible_for_the_next_run() {
    let Some(server) = server::shared() else { return };
    let rollouts = prepared(server, "again");
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let (first, broken) = (one("again"), two("again", "broken:2"));
    agent.push(first.path(), &[]).well();
    let mut running = agent.start("push", broken.path(), &[]);
    running.step("rollback");
    running.kill();
    // The same release again: it fails again, and what comes back is the state before both runs.
    agent.push(broken.path(), &[]).with(1);
    assert_eq!(image(&api, "again"), "image:1");
    assert!(!has_service(&api, "again", "comes") && has_service(&api, "again", "goes"));
    let config = api.get("/api/v1/namespaces/again/configmaps/config").unwrap();
    assert_eq!(config["data"]["key"], "one");
    assert_eq!(agent.push(first.path(), &[]).well().stdout, "0 applied, 7 unchanged, 0 pruned\n");
    drop(rollouts);
}

#[test]
fn a_first_delivery_that_is_killed_at_any_step_is_finished_by_the_next_run() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let mut ended = false;
    for step in 1..MOST_STEPS {
        let mesh = format!("fresh-{step}");
        let dist =
            release(&mesh, &[namespace(&mesh), config_map(&mesh, "config", "one"), service(&mesh, "app")]);
        if kill_at(&agent, &dist, step).is_none() {
            ended = true;
            break;
        }
        agent.push(dist.path(), &[]).well();
        assert_converged(&api, &mesh, &dist);
        assert!(has_service(&api, &mesh, "app"));
    }
    assert!(ended);
}

/// A namespace with somebody who rolls out.
fn prepared(server: &Server, name: &str) -> Rollouts {
    Api::connect(server).create("/api/v1/namespaces", &namespace(name));
    Rollouts::start(server, &[name])
}
