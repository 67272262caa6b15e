//! `meshc lock` and `meshc import addresses`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::sandbox::{SHOP, Sandbox};

fn entry(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  \
         hosts: [{name}.example]\n  resolution: DNS\n  ports: [{{number: 5432, name: tcp, protocol: TCP}}]\n{more}"
    )
}

fn read(sandbox: &Sandbox, path: &str) -> String {
    fs::read_to_string(sandbox.path().join(path)).unwrap()
}

/// The line of an entry in the lock file.
fn line(lock: &str, name: &str) -> String {
    let wanted = format!("name: \"{name}\"");
    lock.lines().find(|line| line.contains(&wanted)).unwrap_or_default().to_owned()
}

#[test]
fn what_is_locked_never_moves_and_what_is_gone_is_freed() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP).file("mesh/b.yaml", entry("b", ""));
    let run = sandbox.run(&["lock", "mesh"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stderr.contains("Wrote mesh/meshc.lock: 0 kept, 1 added, 0 moved, 0 freed."),
        "{}",
        run.stderr
    );
    let first = line(&read(&sandbox, "mesh/meshc.lock"), "b");
    sandbox.file("mesh/a.yaml", entry("a", ""));
    let stale = sandbox.run(&["lock", "mesh", "--check"]);
    assert_eq!(stale.code, Some(1), "{}", stale.stderr);
    assert!(stale.stderr.contains("  + ServiceEntry shop/a a.example 240.240."), "{}", stale.stderr);
    assert_eq!(sandbox.run(&["lock", "mesh"]).code, Some(0));
    let lock = read(&sandbox, "mesh/meshc.lock");
    assert_eq!(line(&lock, "b"), first);
    assert_eq!(sandbox.run(&["lock", "mesh", "--check"]).code, Some(0));
    fs::remove_file(sandbox.path().join("mesh/b.yaml")).unwrap();
    let build = sandbox.run(&["build", "mesh", "--out-dir", "out", "-o", "concise"]);
    assert_eq!(build.code, Some(0), "{}", build.stderr);
    assert!(build.stderr.contains("mesh/meshc.lock:6:3: warning[stale-lock]"), "{}", build.stderr);
    assert_eq!(sandbox.run(&["lock", "mesh"]).code, Some(0));
    let lock = read(&sandbox, "mesh/meshc.lock");
    assert!(line(&lock, "b").is_empty() && !line(&lock, "a").is_empty(), "{lock}");
    assert_eq!(sandbox.entries(), ["mesh", "out"]);
    let mode = fs::metadata(sandbox.path().join("mesh/meshc.lock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn a_lock_file_that_cannot_be_read_stops_everything_and_is_left_alone() {
    let sandbox = Sandbox::new();
    let broken =
        "version: 1\nserviceEntries:\n- {namespace: shop, name: a, host: a.example, addresses: [nowhere]}\n";
    sandbox.file("mesh/shop.yaml", SHOP).file("mesh/a.yaml", entry("a", "")).file("mesh/meshc.lock", broken);
    for command in [&["build", "mesh", "--out-dir", "out"][..], &["lock", "mesh"]] {
        let run = sandbox.run(&[command, &["-o", "concise"]].concat());
        assert_eq!(run.code, Some(1), "{command:?}: {}", run.stderr);
        assert!(run.stderr.contains("mesh/meshc.lock:3:59: error[invalid-lock]"), "{}", run.stderr);
    }
    assert_eq!(read(&sandbox, "mesh/meshc.lock"), broken);
    assert_eq!(sandbox.entries(), ["mesh"]);
    sandbox.file("mesh/meshc.lock", "<<<<<<< HEAD\nversion: 1\n");
    let run = sandbox.run(&["lock", "mesh", "-o", "concise"]);
    assert!(
        run.code == Some(1) && run.stderr.contains("mesh/meshc.lock:1:1: error[invalid-lock]"),
        "{}",
        run.stderr
    );
}

#[test]
fn lines_of_two_branches_that_meet_are_an_error_until_they_are_locked_again() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP).file("mesh/a.yaml", entry("a", "") + &entry("b", ""));
    let both = ["a", "b"].map(|name| {
        format!("- {{namespace: shop, name: {name}, host: {name}.example, addresses: [240.240.7.7, '2001:2::7']}}\n")
    });
    sandbox.file("mesh/meshc.lock", format!("version: 1\nserviceEntries:\n{}", both.concat()));
    let build = sandbox.run(&["build", "mesh", "--out-dir", "out", "-o", "concise"]);
    assert!(build.code == Some(1) && build.stderr.contains("error[lock-conflict]"), "{}", build.stderr);
    assert_eq!(sandbox.run(&["lock", "mesh"]).code, Some(0));
    let lock = read(&sandbox, "mesh/meshc.lock");
    assert!(line(&lock, "a").contains("240.240.7.7") && !line(&lock, "b").contains("240.240.7.7"), "{lock}");
    assert_eq!(sandbox.run(&["build", "mesh", "--out-dir", "out"]).code, Some(0));
}

#[test]
fn a_tree_with_errors_frees_no_address() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP).file("mesh/a.yaml", entry("a", ""));
    assert_eq!(sandbox.run(&["lock", "mesh"]).code, Some(0));
    let lock = read(&sandbox, "mesh/meshc.lock");
    sandbox.file("mesh/a.yaml", entry("a", "").replace("resolution: DNS", "resolution: DNSS"));
    let run = sandbox.run(&["lock", "mesh"]);
    assert!(
        run.code == Some(1) && run.stderr.contains("is as it was: fix the errors first"),
        "{}",
        run.stderr
    );
    assert_eq!(read(&sandbox, "mesh/meshc.lock"), lock);
}

#[test]
fn a_service_of_a_range_gets_an_address_that_is_emitted() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP);
    let none = sandbox.run(&["lock", "mesh"]);
    assert!(none.code == Some(0) && none.stderr.contains("up to date: 0 addresses"), "{}", none.stderr);
    let wrong = sandbox.run(&["lock", "mesh", "--service-range", "10.0.0.1/8"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("bits set behind its prefix"), "{}", wrong.stderr);
    assert_eq!(sandbox.run(&["lock", "mesh", "--service-range", "10.96.128.0/17"]).code, Some(0));
    assert_eq!(sandbox.run(&["lock", "mesh", "--check"]).code, Some(0), "the range is remembered");
    assert_eq!(sandbox.run(&["build", "mesh", "--out-dir", "out"]).code, Some(0));
    let lock = read(&sandbox, "mesh/meshc.lock");
    let address = line(&lock, "cart").split('"').nth(5).unwrap_or_default().to_owned();
    let files = sandbox.files("out");
    let emitted = files.values().any(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        text.contains("kind: Service\n") && text.contains(&format!("clusterIP: {address}\n"))
    });
    assert!(address.starts_with("10.96.") && emitted, "{lock}");
}

#[test]
fn addresses_of_a_cluster_come_from_kubectl_or_from_what_it_printed() {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP).file("mesh/a.yaml", entry("a", ""));
    let services = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Service","metadata":{"name":"cart","namespace":"shop"},
        "spec":{"clusterIP":"10.96.0.7","clusterIPs":["10.96.0.7"],"ports":[{"port":80}]}}]}"#;
    let entries = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry",
        "metadata":{"name":"a","namespace":"shop"},"spec":{"hosts":["a.example"],"resolution":"DNS","ports":[{"number":5432,"name":"tcp","protocol":"TCP"}]},
        "status":{"addresses":[{"value":"240.240.0.9","host":"a.example"},{"value":"2001:2::9","host":"a.example"}]}}]}"#;
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> log\ncase \"$*\" in *serviceentries*) echo '{entries}';; *) echo '{services}';; esac\n"
    );
    sandbox.file("kubectl", script);
    let kubectl = sandbox.path().join("kubectl");
    fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
    let run = sandbox.run(&["import", "addresses", "mesh", "--kubectl", "./kubectl", "--context", "prod"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(
        read(&sandbox, "log").lines().next(),
        Some("--context=prod get services --all-namespaces --output=json")
    );
    let lock = read(&sandbox, "mesh/meshc.lock");
    assert!(line(&lock, "cart").contains("[\"10.96.0.7\"]"), "{lock}");
    assert!(line(&lock, "a").contains("[\"240.240.0.9\", \"2001:2::9\"]"), "{lock}");
    sandbox.file("live.json", services);
    let run = sandbox.run(&["import", "addresses", "mesh", "--from", "live.json", "--check"]);
    assert_eq!(run.code, Some(0), "what the cluster does not say stays: {}", run.stderr);
    for (from, says) in [("nowhere.json", "cannot read `nowhere.json`"), ("mesh/meshc.lock", "")] {
        let run = sandbox.run(&["import", "addresses", "mesh", "--from", from]);
        assert!(run.code != Some(1) && run.stderr.contains(says), "{}", run.stderr);
    }
    sandbox.file("broken.json", "{");
    let run = sandbox.run(&["import", "addresses", "mesh", "--from", "broken.json"]);
    assert!(run.code == Some(2) && run.stderr.contains("cannot read what the cluster has"), "{}", run.stderr);
    let run = sandbox.run(&["import", "addresses", "mesh", "--kubectl", "false"]);
    assert!(run.code == Some(2) && run.stderr.contains("`false get services` failed"), "{}", run.stderr);
}

#[test]
fn which_lock_file_counts_is_never_a_guess() {
    let sandbox = Sandbox::new();
    sandbox.file("one/shop.yaml", SHOP).file("one/meshc.lock", "version: 1\n");
    sandbox
        .file("two/a.yaml", entry("a", ""))
        .file("two/meshc.lock", "version: 1\n")
        .file("other.lock", "version: 1\n");
    let two = sandbox.run(&["build", "one", "two", "--out-dir", "out"]);
    assert!(two.code == Some(2) && two.stderr.contains("two lock files, `one/meshc.lock`"), "{}", two.stderr);
    assert_eq!(
        sandbox.run(&["build", "one", "two", "--lock", "other.lock", "--out-dir", "out"]).code,
        Some(0)
    );
    let absent = sandbox.run(&["build", "one", "--lock", "absent.lock", "--out-dir", "out"]);
    assert!(
        absent.code == Some(2) && absent.stderr.contains("cannot read `absent.lock`"),
        "{}",
        absent.stderr
    );
    assert_eq!(sandbox.run(&["lock", "two", "--lock", "new.lock"]).code, Some(0));
    assert!(sandbox.entries().contains(&"new.lock".to_owned()));
    fs::remove_file(sandbox.path().join("one/meshc.lock")).unwrap();
    sandbox.link("one/meshc.lock", "../other.lock");
    let link = sandbox.run(&["build", "one", "--out-dir", "out"]);
    assert!(link.code == Some(2) && link.stderr.contains("is not an ordinary file"), "{}", link.stderr);
}

#[test]
fn an_application_is_told_locked_addresses_in_its_hosts_file_and_its_proxy_is_not() {
    let sandbox = Sandbox::new();
    let annotations = "annotations: {proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_DNS_CAPTURE: \"true\"}}'}\n      labels:";
    let own = "      hostAliases: [{ip: 192.0.2.7, hostnames: [b.example]}]\n      containers:";
    let shop = SHOP.replace("    metadata:\n      labels:", &format!("    metadata:\n      {annotations}"));
    sandbox.file("mesh/shop.yaml", shop.replace("      containers:", own));
    let wildcard = entry("w", "")
        .replace("hosts: [w.example]\n  resolution: DNS", "hosts: ['*.example']\n  resolution: DYNAMIC_DNS")
        .replace("name: tcp, protocol: TCP", "name: tls, protocol: TLS");
    sandbox.file("mesh/entries.yaml", [entry("a", ""), entry("b", ""), wildcard].concat());
    assert_eq!(sandbox.run(&["lock", "mesh"]).code, Some(0));
    let build = sandbox.run(&["build", "mesh", "--out-dir", "out", "-o", "concise"]);
    assert_eq!(build.code, Some(0), "{}", build.stderr);
    assert!(
        build
            .stderr
            .contains("warning[name-not-told] the application cannot be told an address for `*.example`"),
        "{}",
        build.stderr
    );
    let address =
        line(&read(&sandbox, "mesh/meshc.lock"), "a").split('"').nth(7).unwrap_or_default().to_owned();
    let deployment = read(&sandbox, "out/k8s/namespaces/shop/deployment-cart.yaml");
    assert!(
        deployment.contains(&format!("- hostnames:\n        - a.example\n        ip: {address}\n")),
        "{deployment}"
    );
    assert_eq!(deployment.matches("b.example").count(), 1, "what the object states counts: {deployment}");
    assert!(deployment.contains("- mountPath: /etc/hosts\n          name: meshc-config\n"), "{deployment}");
    let plain = sandbox.file("mesh/shop.yaml", SHOP).run(&["build", "mesh", "--out-dir", "out"]);
    assert_eq!(plain.code, Some(0), "{}", plain.stderr);
    assert!(!read(&sandbox, "out/k8s/namespaces/shop/deployment-cart.yaml").contains("hosts"));
}

#[test]
fn namespaces_that_no_discovery_selector_names_do_not_exist_for_the_mesh() {
    let sandbox = Sandbox::new();
    let other = SHOP.replace("shop", "other").replace("istio-injection: enabled", "mesh: none");
    let other = other.replace("mesh: none", "mesh: none\n    istio-injection: enabled");
    sandbox.file("mesh/shop.yaml", SHOP).file("mesh/other.yaml", other);
    sandbox.file("mesh/entries.yaml", entry("a", "").replace("namespace: shop", "namespace: other"));
    let selectors = "discoverySelectors:\n- matchExpressions: [{key: mesh, operator: DoesNotExist}]\n";
    sandbox.file("config.yaml", selectors);
    let run = |command: &[&str]| sandbox.run(&[command, &["--mesh-config", "config.yaml"]].concat());
    assert!(run(&["lock", "mesh"]).stderr.contains("0 addresses"));
    let build = run(&["build", "mesh", "--out-dir", "out", "--emit", "k8s,xds", "-o", "concise"]);
    assert_eq!((build.code, build.findings().len()), (Some(0), 0), "{}", build.stderr);
    assert!(build.stderr.contains("Compiled 1 proxy"), "{}", build.stderr);
    let clusters = read(&sandbox, "out/xds/shop.cart/clusters.json");
    assert!(clusters.contains("cart.shop.svc") && !clusters.contains("cart.other.svc"), "{clusters}");
    let foreign = read(&sandbox, "out/k8s/namespaces/other/deployment-cart.yaml");
    assert!(!foreign.contains("istio-proxy"), "{foreign}");
}
