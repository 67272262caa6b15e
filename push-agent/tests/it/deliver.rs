//! Deliveries that go well: what is written, what is not, what goes.

use std::process::Command;

use serde_json::{Value, json};

use crate::agent::{Agent, STATE, end};
use crate::api::Api;
use crate::release::{config_map, deployment, digest, namespace, release, secret, service};
use crate::rollout::Rollouts;
use crate::server;

const PART_OF: &str = "applyset.kubernetes.io/part-of";

/// Everything that a first release of a test holds.
fn objects(name: &str) -> Vec<Value> {
    vec![
        namespace(name),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app", "namespace": name}}),
        config_map(name, "config", "one"),
        secret(name, "secret", "hunter2"),
        service(name, "front"),
        service(name, "back"),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "all", "namespace": name},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        }),
        deployment(name, "front", "image:1"),
        deployment(name, "back", "image:1"),
    ]
}

fn parent(api: &Api, mesh: &str) -> Value {
    api.get(&format!("/api/v1/namespaces/{STATE}/configmaps/meshc-{mesh}")).unwrap()
}

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

/// `resourceVersion` of everything in a namespace, and of the state of the agent.
fn versions(api: &Api, name: &str) -> Vec<String> {
    let mut versions =
        vec![version(&parent(api, name)), version(&api.get(&format!("/api/v1/namespaces/{name}")).unwrap())];
    for path in [
        format!("/api/v1/namespaces/{name}/serviceaccounts"),
        format!("/api/v1/namespaces/{name}/configmaps"),
        format!("/api/v1/namespaces/{name}/secrets"),
        format!("/api/v1/namespaces/{name}/services"),
        format!("/apis/networking.k8s.io/v1/namespaces/{name}/networkpolicies"),
        format!("/apis/apps/v1/namespaces/{name}/deployments"),
    ] {
        versions.extend(api.items(&path).iter().map(version));
    }
    versions
}

#[test]
fn a_first_release_is_applied_and_the_same_again_writes_nothing() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let _rollouts = Rollouts::start(server, &["first"]);
    let dist = release("first", &objects("first"));

    let first = agent.push(dist.path(), &[]).well();
    assert_eq!(first.stdout, "9 applied, 0 unchanged, 0 pruned\n");
    let parent = parent(&api, "first");
    let annotations = &parent["metadata"]["annotations"];
    assert_eq!(
        annotations["applyset.kubernetes.io/contains-group-kinds"],
        "ConfigMap,Deployment.apps,Namespace,NetworkPolicy.networking.k8s.io,Secret,Service,ServiceAccount"
    );
    assert_eq!(annotations["applyset.kubernetes.io/additional-namespaces"], "first");
    assert!(annotations["applyset.kubernetes.io/tooling"].as_str().unwrap().starts_with("meshc-agent/v"));
    assert_eq!(parent["data"]["release"], digest(dist.path()));
    let live = api.get("/apis/apps/v1/namespaces/first/deployments/front").unwrap();
    assert_eq!(
        live["metadata"]["labels"][PART_OF],
        parent["metadata"]["labels"]["applyset.kubernetes.io/id"]
    );
    assert_eq!(live["metadata"]["managedFields"][0]["manager"], "meshc-push");

    let before = versions(&api, "first");
    let again = agent.push(dist.path(), &[]).well();
    assert_eq!(again.stdout, "0 applied, 9 unchanged, 0 pruned\n");
    assert_eq!(versions(&api, "first"), before);
    let undo = api.items(&format!("/api/v1/namespaces/{STATE}/secrets"));
    let ours = |secret: &&Value| secret["metadata"]["name"].as_str().unwrap().starts_with("meshc-first-");
    assert_eq!(undo.iter().filter(ours).count(), 0);
}

#[test]
fn a_changed_workload_is_changed_and_nothing_else_is_touched() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let _rollouts = Rollouts::start(server, &["changed"]);
    agent.push(release("changed", &objects("changed")).path(), &[]).well();
    let untouched = |api: &Api| {
        let back = api.get("/apis/apps/v1/namespaces/changed/deployments/back").unwrap();
        let secret = api.get("/api/v1/namespaces/changed/secrets/secret").unwrap();
        (version(&back), version(&secret))
    };
    let before = untouched(&api);
    let mut objects = objects("changed");
    objects[7] = deployment("changed", "front", "image:2");
    let ended = agent.push(release("changed", &objects).path(), &[]).well();
    assert_eq!(ended.stdout, "1 applied, 8 unchanged, 0 pruned\n");
    let front = api.get("/apis/apps/v1/namespaces/changed/deployments/front").unwrap();
    assert_eq!(front["spec"]["template"]["spec"]["containers"][0]["image"], "image:2");
    assert_eq!(untouched(&api), before);
}

#[test]
fn what_a_release_has_no_more_goes_and_what_it_never_applied_stays() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let _rollouts = Rollouts::start(server, &["pruned"]);
    agent.push(release("pruned", &objects("pruned")).path(), &[]).well();
    let id = parent(&api, "pruned")["metadata"]["labels"]["applyset.kubernetes.io/id"].clone();
    let maps = "/api/v1/namespaces/pruned/configmaps";
    api.create(maps, &config_map("pruned", "unmanaged", "x"));
    let mut labelled = config_map("pruned", "labelled", "x");
    labelled["metadata"]["labels"] = json!({ PART_OF: id });
    api.create(maps, &labelled);

    let mut fewer = objects("pruned");
    fewer.retain(|object| object["metadata"]["name"] != "back");
    let ended = agent.push(release("pruned", &fewer).path(), &[]).well();
    assert_eq!(ended.stdout, "0 applied, 7 unchanged, 2 pruned\n");
    assert!(api.get("/api/v1/namespaces/pruned/services/back").is_none());
    assert!(api.get("/apis/apps/v1/namespaces/pruned/deployments/back").is_none());
    assert!(api.get(&format!("{maps}/unmanaged")).is_some());
    assert!(api.get(&format!("{maps}/labelled")).is_some(), "no release applied it");

    // Namespaces stay unless that is asked for, and stay known.
    let elsewhere = |objects: &mut Vec<Value>| objects.retain(|object| object["kind"] != "Namespace");
    elsewhere(&mut fewer);
    let kept = agent.push(release("pruned", &fewer).path(), &[]).well();
    assert!(kept.stderr.contains("--prune-dangerous"), "{}", kept.stderr);
    assert!(api.get("/api/v1/namespaces/pruned").is_some());
    let kinds =
        parent(&api, "pruned")["metadata"]["annotations"]["applyset.kubernetes.io/contains-group-kinds"]
            .clone();
    assert!(kinds.as_str().unwrap().contains("Namespace"), "{kinds}");
    assert_eq!(
        agent.push(release("pruned", &fewer).path(), &[]).well().stdout,
        "0 applied, 6 unchanged, 0 pruned\n"
    );
}

#[test]
fn removing_too_much_at_once_is_refused_before_anything_is_touched() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let _rollouts = Rollouts::start(server, &["most"]);
    agent.push(release("most", &objects("most")).path(), &[]).well();
    let before = versions(&api, "most");
    let few = release("most", &[namespace("most"), config_map("most", "config", "two")]);
    let refused = agent.push(few.path(), &[]).with(1);
    assert!(refused.stderr.contains("7 of 9"), "{}", refused.stderr);
    assert_eq!(versions(&api, "most"), before);
    let meant = agent.push(few.path(), &["--max-prune-percent", "100"]).well();
    assert_eq!(meant.stdout, "1 applied, 1 unchanged, 7 pruned\n");
}

#[test]
fn definitions_and_namespaces_come_before_what_needs_them() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.agent.test"},
        "spec": {
            "group": "agent.test", "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
                }}},
            }],
        },
    });
    let widget = json!({
        "apiVersion": "agent.test/v1", "kind": "Widget",
        "metadata": {"name": "one", "namespace": "defined"}, "spec": {"size": 3},
    });
    let dist = release("defined", &[namespace("defined"), definition, widget]);
    let diff = agent.diff(dist.path(), &[]).with(1);
    assert!(
        diff.stdout.contains("? Widget defined/one (not compared: the kind Widget does not exist yet)"),
        "{}",
        diff.stdout
    );
    assert_eq!(agent.push(dist.path(), &[]).well().stdout, "3 applied, 0 unchanged, 0 pruned\n");
    assert_eq!(api.get("/apis/agent.test/v1/namespaces/defined/widgets/one").unwrap()["spec"]["size"], 3);
    assert_eq!(agent.push(dist.path(), &[]).well().stdout, "0 applied, 3 unchanged, 0 pruned\n");
}

#[test]
fn an_image_layout_is_delivered_like_a_folder() {
    let Some(server) = server::shared() else { return };
    let (api, agent) = (Api::connect(server), Agent::of(server));
    let dist = release("layout", &[namespace("layout"), config_map("layout", "config", "one")]);
    let layout = tempfile::tempdir().unwrap();
    let source = format!("oci:{}:v1", layout.path().display());
    let mut pack = Command::new(env!("CARGO_BIN_EXE_meshc-agent"));
    pack.arg("pack").arg(dist.path()).arg(&source);
    assert!(end(pack).well().stdout.starts_with("sha256:"));
    assert_eq!(agent.push(&source, &[]).well().stdout, "2 applied, 0 unchanged, 0 pruned\n");
    assert_eq!(parent(&api, "layout")["data"]["release"], digest(dist.path()));
    assert_eq!(agent.push(dist.path(), &[]).well().stdout, "0 applied, 2 unchanged, 0 pruned\n");

    for blob in std::fs::read_dir(layout.path().join("blobs/sha256")).unwrap() {
        let path = blob.unwrap().path();
        let content = std::fs::read(&path).unwrap();
        let mut changed = content.clone();
        changed[0] ^= 1;
        std::fs::write(&path, changed).unwrap();
        let refused = agent.push(&source, &[]).with(1);
        assert!(refused.stderr.contains("was changed"), "{}", refused.stderr);
        std::fs::write(&path, content).unwrap();
    }
}
