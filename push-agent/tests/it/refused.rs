//! Releases that are refused, and runs that change nothing.

use std::fs;

use crate::agent::{Agent, STATE};
use crate::api::Api;
use crate::release::{config_map, deployment, namespace, release, secret, service};
use crate::rollout::Rollouts;
use crate::server;

fn is_untouched(api: &Api, mesh: &str) -> bool {
    api.get(&format!("/api/v1/namespaces/{mesh}")).is_none()
        && api.get(&format!("/api/v1/namespaces/{STATE}/configmaps/meshc-{mesh}")).is_none()
}

#[test]
fn a_tampered_file_is_refused_before_anything_is_written() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let dist = release("tampered", &[namespace("tampered"), config_map("tampered", "config", "one")]);
    let file = dist.path().join("k8s/namespaces/tampered/configmap-config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("one", "two")).unwrap();
    let refused = agent.push(dist.path(), &[]).with(1);
    assert!(refused.stderr.contains("was changed"), "{}", refused.stderr);
    assert!(is_untouched(&api, "tampered"));
    fs::write(&file, text).unwrap();
    agent.push(dist.path(), &[]).well();
}

#[test]
fn an_empty_release_is_refused_and_what_was_applied_stays() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    agent
        .push(release("empty", &[namespace("empty"), config_map("empty", "config", "one")]).path(), &[])
        .well();
    let refused = agent.push(release("empty", &[]).path(), &["--max-prune-percent", "100"]).with(3);
    assert!(refused.stderr.contains("no object"), "{}", refused.stderr);
    assert!(api.get("/api/v1/namespaces/empty/configmaps/config").is_some());
}

#[test]
fn a_release_that_the_api_server_refuses_in_part_is_not_applied_at_all() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    api.create("/api/v1/namespaces", &namespace("half"));
    let mut broken = service("half", "front");
    broken["spec"]["ports"][0]["port"] = 0.into();
    let mut typo = deployment("half", "app", "image:1");
    typo["spec"]["replica"] = 1.into();
    let dist = release("half", &[config_map("half", "config", "one"), broken, typo]);
    let refused = agent.push(dist.path(), &[]).with(1);
    assert!(refused.stderr.contains("Service half/front"), "{}", refused.stderr);
    assert!(refused.stderr.contains("replica"), "{}", refused.stderr);
    assert!(api.get("/api/v1/namespaces/half/configmaps/config").is_none());
    let nowhere = agent.push(release("nowhere", &[config_map("nowhere", "a", "b")]).path(), &[]).with(1);
    assert!(nowhere.stderr.contains("does not exist"), "{}", nowhere.stderr);
}

#[test]
fn a_dry_run_shows_the_difference_and_changes_nothing() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let _rollouts = Rollouts::start(server, &["dry"]);
    let objects = |image: &str, password: &str, value: &str| {
        vec![
            namespace("dry"),
            config_map("dry", "config", value),
            secret("dry", "secret", password),
            deployment("dry", "app", image),
        ]
    };
    let first = release("dry", &objects("image:1", "hunter2", "one"));
    let new = agent.push(first.path(), &["--dry-run"]).well();
    assert!(new.stdout.contains("+ Namespace dry\n"), "{}", new.stdout);
    assert!(
        new.stdout.contains("? Deployment dry/app (not compared: the namespace dry does not exist yet)"),
        "{}",
        new.stdout
    );
    assert!(is_untouched(&api, "dry"));
    agent.push(first.path(), &[]).well();
    assert_eq!(agent.diff(first.path(), &[]).with(0).stdout, "4 unchanged\n");

    let versions = || {
        ["configmaps/config", "secrets/secret"].map(|object| {
            api.get(&format!("/api/v1/namespaces/dry/{object}")).unwrap()["metadata"]["resourceVersion"]
                .clone()
        })
    };
    let before = versions();
    let mut next = objects("image:2", "changed-password", "two");
    next.push(service("dry", "front"));
    next.retain(|object| object["metadata"]["name"] != "config");
    let diff = agent.diff(release("dry", &next).path(), &[]).with(1);
    for line in [
        "+ Service dry/front",
        "~ Deployment dry/app",
        "    spec.template.spec.containers[name=app].image: \"image:1\" -> \"image:2\"",
        "~ Secret dry/secret",
        "    data.password: \"(not shown)\" -> \"(changed, not shown)\"",
        "- ConfigMap dry/config",
        "1 unchanged",
    ] {
        assert!(diff.stdout.lines().any(|found| found == line), "{line} in\n{}", diff.stdout);
    }
    for text in [&diff.stdout, &diff.stderr] {
        assert!(
            !text.contains("changed-password")
                && !text.contains("aHVudGVyMg")
                && !text.contains("Y2hhbmdlZC1"),
            "{text}"
        );
    }
    assert_eq!(versions(), before);
    assert!(api.get("/api/v1/namespaces/dry/services/front").is_none());
}

#[test]
fn a_folder_that_is_no_release_and_a_cluster_that_is_away_are_failures() {
    let Some(server) = server::shared() else { return };
    let agent = Agent::of(server);
    let folder = tempfile::tempdir().unwrap();
    assert!(agent.push(folder.path(), &[]).with(2).stderr.contains("meshc build"));
    let dist = release("away-at-once", &[namespace("away-at-once")]);
    let nobody = folder.path().join("kubeconfig");
    fs::write(
        &nobody,
        fs::read_to_string(server.kubeconfig(server::ADMIN)).unwrap().replace("127.0.0.1:", "127.0.0.2:"),
    )
    .unwrap();
    let mut command = agent.command("push", dist.path(), &[]);
    command.env("KUBECONFIG", "/nonexistent");
    assert_eq!(crate::agent::end(command).code, Some(0), "--kubeconfig wins");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meshc-agent"));
    command.arg("push").arg(dist.path()).arg("--kubeconfig").arg(&nobody);
    let ended = crate::agent::end(command).with(2);
    assert!(ended.stderr.contains("cannot"), "{}", ended.stderr);
}
