//! Who issues and who is trusted, step by step.

use super::*;

#[test]
fn each_step_changes_who_issues_or_who_is_trusted_never_both() {
    let mesh = Mesh::plaintext();
    let (old, old_roots) = (mesh.issuer().subject().to_owned(), mesh.roots());
    made(mesh.add());
    mesh.issue();
    let both = mesh.roots();
    assert_eq!((mesh.issuer().subject(), both.len(), &both[1..]), (old.as_str(), 2, &old_roots[..]));
    let rotation = made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    assert_eq!(rotation.longest_leaf.map(|life| life.seconds()), Some(LIFE.whole_seconds().unsigned_abs()));
    mesh.issue();
    let new = mesh.issuer().subject().to_owned();
    assert_ne!(new, old);
    assert_eq!(mesh.roots(), both);
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    mesh.issue();
    assert_eq!((mesh.issuer().subject(), &mesh.roots()[..]), (new.as_str(), &both[..1]));
    assert_eq!(rotation.new_root, rotation_of(&mesh).new_root);
    let names: Vec<_> = files(&mesh.ca()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 5, "four files and the state: {names:?}");
}

#[test]
fn peers_that_verify_as_rustls_does_take_each_other_in_neighbouring_phases_and_in_no_others() {
    let mesh = Mesh::plaintext();
    let files = || {
        let folder = leaf_folder(&mesh.certificates(), &mesh.requests.requests[0].spiffe_id);
        ["tls.crt", "ca.crt"].map(|name| fs::read_to_string(folder.join(name)).unwrap())
    };
    let mut phases = vec![files()];
    made(mesh.add());
    mesh.issue();
    phases.push(files());
    made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    mesh.issue();
    phases.push(files());
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    mesh.issue();
    phases.push(files());
    for (one, [chain, own_roots]) in phases.iter().enumerate() {
        for (other, [other_chain, roots]) in phases.iter().enumerate() {
            let taken = crate::chain::verify_under(chain, roots, NOW).is_ok();
            let takes = crate::chain::verify_under(other_chain, own_roots, NOW).is_ok();
            assert_eq!(taken && takes, one.abs_diff(other) <= 1, "{one} and {other}");
        }
    }
}

#[test]
fn a_step_that_was_made_is_not_made_again_and_one_out_of_order_is_refused() {
    let mesh = Mesh::plaintext();
    let none = Evidence::default();
    for step in [mesh.switch(&none), mesh.remove(&none, NOW)] {
        assert!(step.unwrap_err().to_string().contains("meshc ca rotate add"));
    }
    assert_eq!(abort_rotation(&mesh.ca(), NOW).unwrap(), None);

    mesh.to(RotationPhase::Add);
    let before = files(&mesh.ca());
    assert!(matches!(mesh.add().unwrap(), Step::AlreadyMade(_)));
    let early = mesh.remove(&none, NOW).unwrap_err().to_string();
    assert!(early.contains("meshc ca rotate switch"), "{early}");
    assert_eq!(files(&mesh.ca()), before);

    made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    let before = files(&mesh.ca());
    assert!(matches!(mesh.switch(&none).unwrap(), Step::AlreadyMade(_)));
    assert!(mesh.add().unwrap_err().to_string().contains("meshc ca rotate remove"));
    let late = abort_rotation(&mesh.ca(), NOW).unwrap_err().to_string();
    assert!(late.contains("meshc ca rotate remove"), "{late}");
    assert_eq!(files(&mesh.ca()), before);

    mesh.issue();
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    assert!(matches!(mesh.remove(&none, NOW).unwrap(), Step::AlreadyMade(_)));
    assert_eq!(abort_rotation(&mesh.ca(), NOW).unwrap(), None);
    assert_eq!(made(mesh.add()).phase, RotationPhase::Add, "the next rotation");
}

#[test]
fn a_rotation_that_is_given_up_leaves_the_authority_as_it_was() {
    let mesh = Mesh::plaintext();
    let before = files(&mesh.ca());
    mesh.to(RotationPhase::Add);
    assert!(matches!(abort_rotation(&mesh.ca(), NOW).unwrap(), Some(Step::Made(_))));
    assert_eq!(files(&mesh.ca()), before);
    assert_eq!(rotation(&mesh.ca()).unwrap(), None);
}

#[test]
fn every_certificate_is_issued_again_in_every_phase() {
    let mesh = Mesh::plaintext();
    let due = |mesh: &Mesh| {
        let protection = KeyProtection::Plaintext;
        let options = IssueOptions::default();
        renewals(&mesh.certificates(), &mesh.requests, &mesh.issuer(), &options, &protection, NOW).unwrap()
    };
    let kept = |renewal: &Renewal| matches!(renewal, Renewal::Keep { .. });
    let again = [Renewal::Renew(RenewalReason::Authority); 2];
    assert!(due(&mesh).iter().all(kept));
    made(mesh.add());
    assert_eq!(due(&mesh), again);
    mesh.issue();
    assert!(due(&mesh).iter().all(kept));
    made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    assert_eq!(due(&mesh), again);
    mesh.issue();
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    assert_eq!(due(&mesh), again);
}

#[test]
fn an_intermediate_is_replaced_without_touching_the_root_or_what_is_in_use() {
    let mesh = Mesh::plaintext();
    let (subject, roots) = (mesh.issuer().subject().to_owned(), mesh.roots());
    let long = "36500d".parse().unwrap();
    let later = NOW + Duration::days(300);
    let authority = renew_intermediate(&mesh.ca(), long, None, &KeyProtection::Plaintext, later).unwrap();
    assert_ne!(mesh.issuer().subject(), subject);
    assert_eq!(mesh.issuer().not_after(), NOW + Duration::days(3650), "its root ends then");
    let facts = meshc_ca::inspect_certificate(&authority.certificate).unwrap();
    assert_eq!((facts.path_length, &facts.uris[..]), (Some(0), &["spiffe://cluster.local".to_owned()][..]));
    let issued = issue_all(&mesh.requests, &mesh.issuer(), &IssueOptions::default(), later).unwrap();
    crate::chain::verify(&issued[0], later).unwrap();
    write_issued(&mesh.certificates(), &issued, &mesh.protection).unwrap();
    assert_eq!(mesh.roots(), roots);
    made(mesh.add());
    let during = renew_intermediate(&mesh.ca(), long, None, &KeyProtection::Plaintext, later).unwrap_err();
    assert!(matches!(during, CaError::RotationOrder { .. }), "{during}");
}

#[test]
fn leaves_are_bounded_by_the_root_that_signs_them_not_by_the_other() {
    let mesh = Mesh::plaintext();
    let mut short = options(KeyAlgorithm::EcdsaP256);
    (short.root_lifetime, short.intermediate_lifetime) = ("10h".parse().unwrap(), "10h".parse().unwrap());
    write_ca(&mesh.ca(), &init(&short, NOW).unwrap(), &mesh.both(), Existing::Replace).unwrap();
    made(mesh.add());
    assert_eq!(mesh.issuer().not_after(), NOW + Duration::hours(10));
}
