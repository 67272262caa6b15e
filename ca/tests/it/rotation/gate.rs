//! What a step needs before it is made.

use super::*;

#[test]
fn every_workload_must_have_reported_before_a_step_and_what_is_missing_is_listed_whole() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let missing = gaps(mesh.switch(&Evidence::default()));
    let workloads = missing.iter().map(|gap| match gap {
        Gap::WorkloadNotReported { workload, .. } => workload.name.as_str(),
        other => panic!("{other:?}"),
    });
    assert_eq!(workloads.collect::<Vec<_>>(), ["cart-v1", "cart-v2", "payment"]);
    let loaded = mesh.loaded();
    for left_out in 0..loaded.len() {
        let mut some = loaded.clone();
        some.remove(left_out);
        assert_eq!(names(mesh.switch(&mesh.evidence(&some))), ["workload-not-reported"]);
    }
    assert_eq!(rotation_of(&mesh).phase, RotationPhase::Add);
}

#[test]
fn where_the_pods_are_known_each_that_mounts_a_certificate_must_have_reported_and_no_other() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let pod = |name: &str, secret: &str, phase: &str| {
        json!({
            "metadata": {"namespace": "shop", "name": name},
            "spec": {"volumes": [{"name": "identity", "secret": {"secretName": secret}}]},
            "status": {"phase": phase},
        })
    };
    let pods = json!({"kind": "List", "items": [
        pod("cart-v1-7d9f-x2x4z", "meshc-sa-cart", "Running"),
        pod("cart-v1-7d9f-second", "meshc-sa-cart", "Running"),
        pod("cart-v1-job-done", "meshc-sa-cart", "Succeeded"),
        pod("database-0", "database-tls", "Running"),
    ]});
    let mut files = vec![mesh.loaded().remove(0), ("pods.json".to_owned(), pods)];
    let missing = gaps(mesh.switch(&mesh.evidence(&files)));
    let second = Gap::PodNotReported {
        spiffe_id: id("cart"),
        namespace: "shop".to_owned(),
        pod: "cart-v1-7d9f-second".to_owned(),
    };
    assert_eq!(missing, [second], "nor workloads without pods: cart-v2, payment");
    files.push(("shop.cart-v1-7d9f-second.json".to_owned(), mesh.certs(0)));
    made(mesh.switch(&mesh.evidence(&files)));
}

#[test]
fn a_proxy_that_has_not_loaded_the_new_root_or_whose_report_fits_nobody_stops_a_step() {
    let mesh = Mesh::plaintext();
    let old = mesh.certs(1);
    mesh.to(RotationPhase::Add);
    let with = |name: &str, content: serde_json::Value| {
        let mut files = mesh.loaded();
        files.push((name.to_owned(), content));
        gaps(mesh.switch(&mesh.evidence(&files)))
    };
    let told = |gaps: Vec<Gap>| gaps.iter().map(ToString::to_string).collect::<Vec<_>>();
    let trusts = old["certificates"][0]["ca_cert"][0]["serial_number"].as_str().unwrap().to_owned();
    let late = told(with("shop.payment-late.json", old));
    assert!(
        late.len() == 1 && late[0].contains("shop/payment-late") && late[0].contains(&trusts),
        "{late:?}"
    );
    let elsewhere = with("shop.cartoons-1.json", mesh.certs(0));
    assert_eq!(elsewhere.iter().map(Gap::name).collect::<Vec<_>>(), ["unknown-workload"]);
    let empty = with("shop.cart-v1-empty.json", json!({"certificates": []}));
    assert_eq!(empty.iter().map(Gap::name).collect::<Vec<_>>(), ["no-certificate"]);
    let text = mesh.certs(0).to_string().replace("/sa/cart", "/sa/forgotten");
    let unknown = told(with("shop.forgotten-1.json", serde_json::from_str(&text).unwrap()));
    assert!(unknown[0].contains("spiffe://cluster.local/ns/shop/sa/forgotten"), "{unknown:?}");
}

#[test]
fn certificates_of_public_hosts_roots_of_the_internet_and_intermediates_are_no_matter() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let mut files = mesh.loaded();
    let public = json!({"ca_cert": [], "cert_chain": [{"serial_number": "1", "subject_alt_names": [{"dns": "shop.test"}],
        "valid_from": "2026-01-01T00:00:00Z", "expiration_time": "2027-01-01T00:00:00Z"}]});
    let internet = json!({"ca_cert": [{"serial_number": "2"}], "cert_chain": []});
    let contexts = files[0].1["certificates"].as_array_mut().unwrap();
    contexts.extend([public, internet]);
    // meshc-proxy reports the whole chain, Envoy only the leaf.
    let folder = leaf_folder(&mesh.certificates(), &mesh.requests.requests[1].spiffe_id);
    let chain = inspect_pem(&fs::read_to_string(folder.join("tls.crt")).unwrap(), "tls.crt").unwrap();
    let chain: Vec<_> = chain.iter().map(details).collect();
    assert_eq!(chain.len(), 2);
    files[2].1["certificates"][0]["cert_chain"] = json!(chain);
    made(mesh.switch(&mesh.evidence(&files)));
}

#[test]
fn the_old_root_stays_until_no_leaf_of_it_can_be_valid_or_is_in_use() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let of_old = mesh.loaded();
    made(mesh.switch(&mesh.evidence(&of_old)));
    // Nothing was issued since.
    let missing = names(mesh.remove(&mesh.evidence(&of_old), NOW + LIFE));
    assert_eq!(missing, ["not-issued", "not-issued", "other-leaf", "other-leaf", "other-leaf"]);
    mesh.issue();
    let mut one_late = mesh.loaded();
    one_late[2] = of_old[2].clone();
    assert_eq!(names(mesh.remove(&mesh.evidence(&one_late), NOW + LIFE)), ["other-leaf"]);
    let loaded = mesh.loaded();
    let early = gaps(mesh.remove(&mesh.evidence(&loaded), NOW + LIFE - Duration::seconds(1)));
    assert_eq!(early, [Gap::TooEarly { until: NOW + LIFE }]);
    // What proxies have is not what lies there: it was issued again meanwhile.
    mesh.issue();
    let missing = names(mesh.remove(&mesh.evidence(&loaded), NOW + LIFE));
    assert_eq!(missing, ["other-leaf"; 3]);
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
}

#[test]
fn a_longer_life_that_is_in_use_or_asked_for_is_waited_for_but_never_longer_than_the_old_authority_lasts() {
    let mut mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    let mut loaded = mesh.loaded();
    let leaf = &mut loaded[0].1["certificates"][0]["cert_chain"][0];
    leaf["expiration_time"] = json!(meshc_ca::rfc3339(NOW + Duration::days(60)));
    let rotation = made(mesh.switch(&mesh.evidence(&loaded)));
    assert_eq!(rotation.old_leaves_end(&mesh.ca()).unwrap(), NOW + Duration::days(60) + Duration::minutes(1));

    mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    mesh.requests.requests[0].ttl = "4000d".parse().unwrap();
    let rotation = made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    assert_eq!(rotation.old_leaves_end(&mesh.ca()).unwrap(), NOW + Duration::days(365));
}
