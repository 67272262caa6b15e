//! What goes because the release has it no more: only what an earlier release of the same set applied.

use std::collections::BTreeSet;

use meshc_contract::{ObjectRef, Phase};
use serde_json::json;

use crate::cluster::Cluster;
use crate::error::Error;
use crate::fields::applied_by;
use crate::log::Log;
use crate::members::Member;

/// What goes and what stays.
#[derive(Debug, Default)]
pub(crate) struct Prune {
    /// What goes, in the order in which it goes: the reverse of that in which it is applied.
    pub(crate) remove: Vec<Member>,
    /// Members that the release has no more and that stay, with the reason.
    pub(crate) keep: Vec<(ObjectRef, &'static str)>,
}

/// Chooses among the members of a set those that the release has no more.
pub(crate) fn select(
    members: Vec<Member>,
    released: &BTreeSet<ObjectRef>,
    manager: &str,
    dangerous: bool,
    max_percent: u8,
) -> Result<Prune, Error> {
    let mut prune = Prune::default();
    let mut total = 0;
    for member in members {
        if !applied_by(&member.value, manager) {
            // Some controllers copy labels, as from a Service to its endpoints.
            if !released.contains(&member.object) {
                prune.keep.push((member.object, "it has the label of the set but no release applied it"));
            }
            continue;
        }
        total += 1;
        if released.contains(&member.object) || member.value.pointer("/metadata/deletionTimestamp").is_some()
        {
            continue;
        }
        if is_dangerous(&member.object) && !dangerous {
            prune.keep.push((member.object, "much would go with it: --prune-dangerous removes it"));
            continue;
        }
        prune.remove.push(member);
    }
    let count = prune.remove.len();
    if count * 100 > total * usize::from(max_percent) {
        return Err(Error::Refused(format!(
            "nothing was changed, because the release would remove {count} of {total} objects that were applied, more than \
             {max_percent} %; raise --max-prune-percent if that is meant"
        )));
    }
    prune.remove.sort_by(|a, b| place(&b.object).cmp(&place(&a.object)));
    prune.keep.sort();
    Ok(prune)
}

/// Removes what a plan says, and returns how much.
pub(crate) async fn run(cluster: &Cluster, prune: &Prune, log: Log) -> Result<usize, Error> {
    for Member { kind, object, value } in &prune.remove {
        log.info("prune", "removing", &[("object", json!(object.to_string()))]);
        cluster.delete(kind, value).await?;
    }
    Ok(prune.remove.len())
}

/// Whether other things go with an object.
pub(crate) fn is_dangerous(object: &ObjectRef) -> bool {
    matches!(
        (object.group.as_str(), object.kind.as_str()),
        ("", "Namespace" | "PersistentVolumeClaim" | "PersistentVolume")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
    )
}

fn place(object: &ObjectRef) -> (Phase, &ObjectRef) {
    (Phase::of(&object.group, &object.kind), object)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kube::api::ApiResource;
    use serde_json::json;

    use super::select;
    use crate::cluster::Kind;
    use crate::members::Member;

    fn member(group: &str, kind: &str, name: &str, manager: &str) -> Member {
        let resource = ApiResource {
            group: group.into(),
            version: "v1".into(),
            api_version: "v1".into(),
            kind: kind.into(),
            plural: String::new(),
        };
        let value = json!({"metadata": {
            "name": name, "namespace": "shop",
            "managedFields": [{"manager": manager, "operation": "Apply", "fieldsV1": {}}],
        }});
        Member::new(Kind { resource, namespaced: true }, value)
    }

    fn names(members: &[Member]) -> Vec<&str> {
        members.iter().map(|member| member.object.name.as_str()).collect()
    }

    #[test]
    fn what_the_release_has_no_more_goes_in_reverse_order() {
        let members = vec![
            member("", "Service", "gone-service", "meshc-push"),
            member("apps", "Deployment", "gone-deployment", "meshc-push"),
            member("", "Service", "stays", "meshc-push"),
        ];
        let released = BTreeSet::from([members[2].object.clone()]);
        let prune = select(members, &released, "meshc-push", false, 100).unwrap();
        assert_eq!(names(&prune.remove), ["gone-deployment", "gone-service"]);
        assert!(prune.keep.is_empty());
    }

    #[test]
    fn what_no_release_applied_stays_even_with_the_label() {
        let members = vec![member("", "Endpoints", "copied", "endpoint-controller")];
        let prune = select(members, &BTreeSet::new(), "meshc-push", true, 100).unwrap();
        assert!(prune.remove.is_empty());
        assert_eq!(prune.keep.len(), 1);
    }

    #[test]
    fn namespaces_definitions_and_volumes_stay_unless_asked() {
        let members = || {
            vec![
                member("", "Namespace", "a", "meshc-push"),
                member("", "PersistentVolumeClaim", "b", "meshc-push"),
                member("apiextensions.k8s.io", "CustomResourceDefinition", "c", "meshc-push"),
            ]
        };
        let prune = select(members(), &BTreeSet::new(), "meshc-push", false, 100).unwrap();
        assert_eq!((prune.remove.len(), prune.keep.len()), (0, 3));
        let prune = select(members(), &BTreeSet::new(), "meshc-push", true, 100).unwrap();
        assert_eq!(names(&prune.remove), ["b", "c", "a"]);
    }

    #[test]
    fn removing_too_large_a_part_is_refused() {
        let members = || -> Vec<Member> {
            (0..10).map(|index| member("", "Service", &format!("s{index}"), "meshc-push")).collect()
        };
        let released = |count: usize| -> BTreeSet<_> {
            members().into_iter().take(count).map(|member| member.object).collect()
        };
        assert_eq!(select(members(), &released(7), "meshc-push", false, 30).unwrap().remove.len(), 3);
        let refusal = select(members(), &released(6), "meshc-push", false, 30).unwrap_err().to_string();
        assert!(refusal.contains("4 of 10"), "{refusal}");
        assert!(select(members(), &released(9), "meshc-push", false, 0).is_err());
    }
}
