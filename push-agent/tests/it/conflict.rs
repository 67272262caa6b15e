//! Objects that others have a hand in.

use serde_json::json;

use crate::agent::Agent;
use crate::api::Api;
use crate::release::{config_map, deployment, namespace, release};
use crate::rollout::Rollouts;
use crate::server;

#[test]
fn a_field_of_another_manager_is_reported_and_not_taken_unless_forced() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let _rollouts = Rollouts::start(server, &["conflict"]);
    let objects = |image: &str, value: &str| {
        [namespace("conflict"), config_map("conflict", "config", value), deployment("conflict", "app", image)]
    };
    agent.push(release("conflict", &objects("image:1", "one")).path(), &[]).well();
    let path = "/apis/apps/v1/namespaces/conflict/deployments/app";
    let mut theirs = deployment("conflict", "app", "theirs:1");
    theirs["spec"]["replicas"] = json!(5);
    api.apply(path, "somebody", &theirs);
    let before = api.get(path).unwrap();

    let next = release("conflict", &objects("image:2", "two"));
    let refused = agent.push(next.path(), &[]).with(1);
    let image = ".spec.template.spec.containers[name=\"app\"].image is owned by somebody";
    assert!(refused.stderr.contains(&format!("Deployment conflict/app: {image}")), "{}", refused.stderr);
    assert!(!refused.stderr.contains(".spec.replicas"), "we do not set it: {}", refused.stderr);
    let image_of = || api.get(path).unwrap()["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    assert_eq!(image_of(), "theirs:1");
    let config = || api.get("/api/v1/namespaces/conflict/configmaps/config").unwrap()["data"]["key"].clone();
    assert_eq!(config(), "one", "one conflict keeps the whole release from being applied");
    assert_eq!(api.get(path).unwrap()["spec"], before["spec"]);
    assert_eq!(agent.push(next.path(), &["--dry-run"]).code, Some(1));

    agent.push(next.path(), &["--force-conflicts"]).well();
    assert_eq!(image_of(), "image:2");
    assert_eq!(config(), "two");
    assert_eq!(api.get(path).unwrap()["spec"]["replicas"], 5, "what we do not set stays theirs");
}

#[test]
fn what_another_set_owns_is_never_taken() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    agent
        .push(release("theirs", &[namespace("theirs"), config_map("theirs", "config", "one")]).path(), &[])
        .well();
    let other = release("others", &[config_map("theirs", "config", "two")]);
    for more in [&[][..], &["--force-conflicts"]] {
        let refused = agent.push(other.path(), more).with(1);
        assert!(refused.stderr.contains("is owned by the ApplySet applyset-"), "{}", refused.stderr);
    }
    assert_eq!(api.get("/api/v1/namespaces/theirs/configmaps/config").unwrap()["data"]["key"], "one");
}

#[test]
fn a_set_of_another_tool_is_refused() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let mut parent = config_map("default", "meshc-foreign", "x");
    parent["metadata"]["annotations"] = json!({"applyset.kubernetes.io/tooling": "kubectl/v1.36.1"});
    api.create("/api/v1/namespaces/default/configmaps", &parent);
    let dist = release("foreign", &[namespace("foreign")]);
    let refused = agent.push(dist.path(), &[]).with(1);
    assert!(refused.stderr.contains("kubectl/v1.36.1"), "{}", refused.stderr);
    assert!(api.get("/api/v1/namespaces/foreign").is_none());
}
