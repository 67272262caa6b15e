//! What a rotation leaves in the folder of the authority, and what it does not touch.

use super::*;

#[test]
fn no_key_of_a_rotation_is_ever_in_plaintext_and_only_its_owner_reads_it() {
    let (protection, identities) = sealed();
    let mesh = Mesh::new(protection, Some(identities));
    let check = || {
        for (name, content) in files(&mesh.ca()) {
            assert!(!String::from_utf8_lossy(&content).contains("PRIVATE KEY"), "{name}");
            #[cfg(unix)]
            if name.contains(".key") {
                use std::os::unix::fs::PermissionsExt;
                let mode = fs::metadata(&name).unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{name}");
            }
        }
    };
    made(mesh.add());
    check();
    mesh.issue();
    made(mesh.switch(&mesh.evidence(&mesh.loaded())));
    check();
    mesh.issue();
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    check();
    let lifetime = "365d".parse().unwrap();
    let renew = |identities: Option<&AgeIdentities>| {
        renew_intermediate(&mesh.ca(), lifetime, identities, &mesh.protection, NOW)
    };
    assert!(matches!(renew(None), Err(CaError::IdentityNeeded { .. })));
    renew(mesh.identities.as_ref()).unwrap();
    check();
}

#[test]
fn a_root_key_that_is_kept_elsewhere_is_not_replaced_by_that_of_the_old_root() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Switch);
    fs::remove_file(mesh.ca().join("next/root.key")).unwrap();
    made(mesh.remove(&mesh.evidence(&mesh.loaded()), NOW + LIFE));
    assert!(!mesh.ca().join("root.key").exists());
    let lifetime = "365d".parse().unwrap();
    let error = renew_intermediate(&mesh.ca(), lifetime, None, &KeyProtection::Plaintext, NOW).unwrap_err();
    assert!(error.to_string().contains("root.key"), "{error}");
}

#[test]
fn files_that_do_not_belong_to_the_state_are_refused() {
    let other = Mesh::plaintext();
    for name in ["root.crt", "next/root.crt"] {
        let mesh = Mesh::plaintext();
        mesh.to(RotationPhase::Add);
        fs::copy(other.ca().join("root.crt"), mesh.ca().join(name)).unwrap();
        let error = load_issuer(&mesh.ca(), None).err().unwrap().to_string();
        assert!(error.contains(name) && error.contains("rotation.yaml"), "{error}");
        assert!(mesh.switch(&Evidence::default()).is_err());
    }
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    fs::remove_file(mesh.ca().join("rotation.yaml")).unwrap();
    let error = load_issuer(&mesh.ca(), None).err().unwrap().to_string();
    assert!(error.contains("`next`"), "{error}");
    assert!(matches!(abort_rotation(&mesh.ca(), NOW), Err(CaError::RotationState { .. })));
}

#[test]
fn what_meshc_did_not_write_is_neither_deleted_nor_followed() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Add);
    fs::write(mesh.ca().join("next/thesis.tex"), "years of work").unwrap();
    let error = abort_rotation(&mesh.ca(), NOW).unwrap_err().to_string();
    assert!(error.contains("thesis.tex"), "{error}");
    assert_eq!(rotation_of(&mesh).phase, RotationPhase::Add);
    #[cfg(unix)]
    {
        let (mesh, elsewhere) = (Mesh::plaintext(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), mesh.ca().join("next")).unwrap();
        assert!(matches!(mesh.add(), Err(CaError::UnsafePath { .. })));
        assert_eq!(files(elsewhere.path()), []);
    }
}

#[test]
fn two_processes_do_not_rotate_one_authority_at_the_same_time() {
    let mesh = Mesh::plaintext();
    let other = fs::File::open(mesh.ca()).unwrap();
    other.try_lock().unwrap();
    assert!(matches!(mesh.add(), Err(CaError::RotationLocked { .. })));
    drop(other);
    made(mesh.add());
}

#[test]
fn a_new_authority_over_one_that_is_rotated_ends_the_rotation() {
    let mesh = Mesh::plaintext();
    mesh.to(RotationPhase::Switch);
    let again = write_ca(&mesh.ca(), &authority(), &mesh.both(), Existing::Refuse);
    assert!(matches!(again, Err(CaError::Exists { .. })));
    write_ca(&mesh.ca(), &authority(), &mesh.both(), Existing::Replace).unwrap();
    assert_eq!(files(&mesh.ca()).len(), 4);
    assert_eq!(rotation(&mesh.ca()).unwrap(), None);
    assert!(load_issuer(&mesh.ca(), None).is_ok());
}

#[cfg(unix)]
#[test]
fn a_key_or_an_identity_that_everyone_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let mesh = Mesh::plaintext();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let key = mesh.ca().join("intermediate.key");
    set(&key, 0o644);
    let error = load_issuer(&mesh.ca(), None).err().unwrap().to_string();
    assert!(error.contains("intermediate.key") && error.contains("chmod 600"), "{error}");
    // Kubernetes mounts Secrets for a group (fsGroup).
    set(&key, 0o640);
    assert!(load_issuer(&mesh.ca(), None).is_ok());
    let identity = mesh.dir.path().join("identity");
    let secret = age::x25519::Identity::generate().to_string();
    fs::write(&identity, format!("{}\n", secret.expose_secret())).unwrap();
    set(&identity, 0o604);
    let error = AgeIdentities::read(&identity).unwrap_err().to_string();
    assert!(error.contains("mode 604") && !error.contains("AGE-SECRET"), "{error}");
    set(&identity, 0o600);
    assert!(AgeIdentities::read(&identity).is_ok());
}
