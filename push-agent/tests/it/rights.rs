//! The agent with exactly the rights that its manifests give.

use std::path::Path;

use serde_json::{Value, json};

use crate::agent::{self, Agent};
use crate::api::Api;
use crate::release::{config_map, deployment, namespace, release, secret, service};
use crate::rollout::Rollouts;
use crate::server::{self, AGENT};

const STATE: &str = "meshc-system";

/// The documents of a manifest in `deploy/`, with the namespace of a mesh in place of the example.
fn documents(file: &str, mesh: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file);
    let text =
        std::fs::read_to_string(path).unwrap().replace("namespace: bookinfo", &format!("namespace: {mesh}"));
    serde_saphyr::from_multiple(&text).unwrap()
}

/// Where an object of the manifests is.
fn path(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let version = text("/apiVersion");
    let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
    let place = match text("/metadata/namespace") {
        "" => String::new(),
        namespace => format!("/namespaces/{namespace}"),
    };
    format!("{root}{place}/{}s/{}", text("/kind").to_lowercase(), text("/metadata/name"))
}

#[test]
fn the_agent_works_with_the_rights_of_its_manifests_and_has_no_others() {
    let Some(server) = server::shared() else { return };
    let api = Api::connect(server);
    for object in documents("rbac.yaml", "rights") {
        api.apply(&path(&object), "admin", &object);
    }
    api.create("/api/v1/namespaces", &namespace("rights"));
    for object in documents("rbac-namespace.yaml", "rights") {
        api.apply(&path(&object), "admin", &object);
    }
    let _rollouts = Rollouts::start(server, &["rights"]);
    let agent = Agent::with(server, AGENT, STATE);
    let objects = |image: &str| {
        vec![
            namespace("rights"),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app", "namespace": "rights"}}),
            config_map("rights", "config", "one"),
            secret("rights", "secret", "hunter2"),
            service("rights", "app"),
            service("rights", "other"),
            deployment("rights", "app", image),
        ]
    };
    agent.push(release("rights", &objects("image:1")).path(), &[]).well();
    agent.push(release("rights", &objects("broken:2")).path(), &[]).with(1);
    let mut fewer = objects("image:3");
    fewer.remove(5);
    let ended = agent.push(release("rights", &fewer).path(), &[]).well();
    assert_eq!(ended.stdout, "1 applied, 5 unchanged, 1 pruned\n");

    let theirs = Api::connect_as(server, AGENT);
    api.create("/api/v1/namespaces", &namespace("not-ours"));
    for path in [
        "/api/v1/namespaces/not-ours/secrets",
        "/api/v1/namespaces/not-ours/configmaps",
        "/api/v1/namespaces/kube-system/secrets",
        "/api/v1/secrets",
        "/api/v1/nodes",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    ] {
        let refused = theirs.text(path).unwrap_err();
        assert!(matches!(&refused, kube::Error::Api(status) if status.code == 403), "{path}: {refused}");
    }
    let refused = theirs.send("DELETE", "/api/v1/namespaces/not-ours", "application/json", &Value::Null);
    assert!(refused.is_err(), "it may not delete namespaces");
    let elsewhere = agent.push(release("elsewhere", &[config_map("not-ours", "config", "one")]).path(), &[]);
    let elsewhere = elsewhere.with(2);
    assert!(elsewhere.stderr.contains("forbidden"), "{}", elsewhere.stderr);
}

#[test]
fn the_deployment_of_the_agent_fits_the_namespace_that_is_made_for_it() {
    let Some(server) = server::shared() else { return };
    let api = Api::connect(server);
    for object in documents("rbac.yaml", "rights").iter().chain(&documents("deployment.yaml", "rights")) {
        api.apply(&path(object), "admin", object);
    }
    // Pod Security looks at pods, which nobody makes here.
    let deployment = api.get("/apis/apps/v1/namespaces/meshc-system/deployments/meshc-agent").unwrap();
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = "meshc-agent".into();
    let pods = "/api/v1/namespaces/meshc-system/pods?dryRun=All";
    let made = api.create(pods, &pod);
    assert_eq!(made["spec"]["serviceAccountName"], "meshc-agent");
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = true.into();
    let refused = api.send("POST", pods, "application/json", &pod).unwrap_err();
    assert!(refused.to_string().contains("restricted"), "the namespace is restricted: {refused}");
    let arguments = made["spec"]["containers"][0]["args"].as_array().unwrap();
    let help = agent::end(agent::help("run")).well().stdout;
    for option in arguments.iter().filter_map(Value::as_str).filter(|argument| argument.starts_with("--")) {
        assert!(help.contains(option), "{option} in {help}");
    }
}
