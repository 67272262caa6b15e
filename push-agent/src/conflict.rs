//! Fields that other managers own.

use std::fmt;

use kube::core::Status;
use meshc_contract::ObjectRef;

/// A field that the release sets and another manager owns with another value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Conflict {
    pub(crate) object: ObjectRef,
    /// Name of the other manager.
    pub(crate) manager: String,
    /// The field, as the API server spells it.
    pub(crate) field: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, manager, field } = self;
        write!(f, "{object}: {field} is owned by {manager}")
    }
}

/// The conflicts that an answer of the API server names, ordered; none if it is about something else.
pub(crate) fn of(object: &ObjectRef, status: &Status) -> Vec<Conflict> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let mut conflicts: Vec<Conflict> = causes
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| Conflict {
            object: object.clone(),
            manager: manager(&cause.message).to_owned(),
            field: cause.field.clone(),
        })
        .collect();
    conflicts.sort();
    conflicts
}

/// The API server says: conflict with "name" using apps/v1.
fn manager(message: &str) -> &str {
    message.split('"').nth(1).unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use meshc_contract::ObjectRef;

    use super::of;

    #[test]
    fn the_manager_and_the_field_are_named() {
        let status: Status = serde_json::from_value(serde_json::json!({
            "code": 409,
            "reason": "Conflict",
            "details": {"causes": [
                {"reason": "FieldManagerConflict", "message": "conflict with \"helm\" using apps/v1", "field": ".spec.replicas"},
                {"reason": "Other", "message": "x", "field": ".y"},
            ]},
        }))
        .unwrap();
        let object = ObjectRef {
            group: "apps".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "cart".into(),
        };
        let texts: Vec<String> = of(&object, &status).iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["Deployment shop/cart: .spec.replicas is owned by helm"]);
    }
}
