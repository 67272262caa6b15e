//! Deliveries that fail half-way.

use serde_json::Value;

use crate::agent::{Agent, STATE};
use crate::api::Api;
use crate::release::{config_map, deployment, digest, namespace, release, service};
use crate::rollout::Rollouts;
use crate::server;

/// What is stored of an object, without what every write changes.
fn stored(api: &Api, path: &str) -> Value {
    let mut object = api.get(path).unwrap();
    for field in ["resourceVersion", "generation", "managedFields"] {
        object["metadata"].as_object_mut().unwrap().remove(field);
    }
    object.as_object_mut().unwrap().remove("status");
    object
}

#[test]
fn a_rollout_that_fails_is_rolled_back_to_what_was_there() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let _rollouts = Rollouts::start(server, &["back"]);
    let good = [
        namespace("back"),
        config_map("back", "config", "one"),
        service("back", "old"),
        deployment("back", "app", "image:1"),
    ];
    let good = release("back", &good);
    agent.push(good.path(), &[]).well();
    let paths = [
        "/api/v1/namespaces/back/configmaps/config",
        "/api/v1/namespaces/back/services/old",
        "/apis/apps/v1/namespaces/back/deployments/app",
    ];
    let before = paths.map(|path| stored(&api, path));

    for (image, more, reason) in
        [("broken:2", &[][..], "deadline"), ("slow:2", &["--wait-timeout", "2s"], "0 of 1 replicas")]
    {
        let mut broken = deployment("back", "app", image);
        broken["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "2".into();
        broken["metadata"]["labels"] = serde_json::json!({"added": "by-the-release"});
        let bad = [
            namespace("back"),
            config_map("back", "config", "two"),
            config_map("back", "new", "two"),
            broken,
        ];
        let bad = release("back", &bad);
        // The last option of a name counts.
        let ended = agent.push(bad.path(), more).with(1);
        assert!(ended.stderr.contains(reason), "{}", ended.stderr);
        assert!(ended.stderr.contains("everything is as it was before"), "{}", ended.stderr);
        assert_eq!(paths.map(|path| stored(&api, path)), before);
        assert!(api.get("/api/v1/namespaces/back/configmaps/new").is_none());
        let parent = api.get(&format!("/api/v1/namespaces/{STATE}/configmaps/meshc-back")).unwrap();
        assert_eq!(parent["data"]["release"], digest(good.path()));
        assert_eq!(parent["data"]["failed"], digest(bad.path()));
        assert!(
            !api.items(&format!("/api/v1/namespaces/{STATE}/secrets")).iter().any(|secret| {
                secret["metadata"]["name"].as_str().unwrap().starts_with("meshc-back-undo")
            })
        );
        // The good release is what is there: nothing of it needs to be written.
        assert_eq!(agent.push(good.path(), &[]).well().stdout, "0 applied, 4 unchanged, 0 pruned\n");
    }
}

#[test]
fn a_first_release_that_fails_leaves_nothing_but_the_namespace() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let dist = release(
        "nothing",
        &[
            namespace("nothing"),
            config_map("nothing", "config", "one"),
            deployment("nothing", "app", "broken:1"),
        ],
    );
    let mut running = agent.start("push", dist.path(), &[]);
    running.step("wait");
    // The namespace of the rollouts must be there first.
    running.step("wait");
    let rollouts = Rollouts::start(server, &["nothing"]);
    running.step("rollback");
    while running.line().is_some() {}
    drop(rollouts);
    assert!(api.get("/api/v1/namespaces/nothing").is_some(), "much would go with it");
    assert!(api.get("/api/v1/namespaces/nothing/configmaps/config").is_none());
    assert!(api.get("/apis/apps/v1/namespaces/nothing/deployments/app").is_none());
}

#[test]
fn without_rollback_a_failed_release_stays_to_be_looked_at() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let _rollouts = Rollouts::start(server, &["stays"]);
    agent
        .push(release("stays", &[namespace("stays"), deployment("stays", "app", "image:1")]).path(), &[])
        .well();
    let bad = release("stays", &[namespace("stays"), deployment("stays", "app", "broken:2")]);
    let ended = agent.push(bad.path(), &["--no-rollback"]).with(1);
    assert!(!ended.stderr.contains("as it was before"), "{}", ended.stderr);
    let live = api.get("/apis/apps/v1/namespaces/stays/deployments/app").unwrap();
    assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "broken:2");
}

#[test]
fn forced_fields_get_their_old_values_back() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let _rollouts = Rollouts::start(server, &["forced"]);
    api.create("/api/v1/namespaces", &namespace("forced"));
    let path = "/apis/apps/v1/namespaces/forced/deployments/app";
    api.apply(path, "somebody", &deployment("forced", "app", "theirs:1"));
    let bad = release("forced", &[deployment("forced", "app", "broken:2")]);
    agent.push(bad.path(), &["--force-conflicts"]).with(1);
    let live = api.get(path).unwrap();
    assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "theirs:1");
}
