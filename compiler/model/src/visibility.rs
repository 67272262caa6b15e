//! Who sees an object: `exportTo` (translation-spec §2.2.4).

use std::collections::BTreeSet;

/// Who sees an object that lives in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Every namespace.
    Public,
    /// These namespaces.
    Namespaces(BTreeSet<String>),
    /// Nobody.
    Nobody,
}

impl Visibility {
    /// Reads `exportTo`: `*` beats everything else, then `~`; `.` is the own namespace.
    pub(crate) fn of<'a>(export_to: impl IntoIterator<Item = &'a str>, namespace: &str) -> Self {
        let names: BTreeSet<&str> = export_to.into_iter().collect();
        if names.contains("*") {
            return Self::Public;
        }
        if names.contains("~") {
            return Self::Nobody;
        }
        let own = |name: &str| if name == "." { namespace.to_owned() } else { name.to_owned() };
        Self::Namespaces(names.into_iter().map(own).collect())
    }

    /// Reads `exportTo` of an object, or the default of the mesh where the object states none.
    pub(crate) fn with_default(export_to: &[String], default: &[String], namespace: &str) -> Self {
        let stated = if export_to.is_empty() { default } else { export_to };
        if stated.is_empty() {
            return Self::Public;
        }
        Self::of(stated.iter().map(String::as_str), namespace)
    }

    /// As the set that [`crate::Service`] keeps.
    pub(crate) fn into_set(self) -> BTreeSet<String> {
        match self {
            Self::Public => BTreeSet::from(["*".to_owned()]),
            Self::Namespaces(names) => names,
            Self::Nobody => BTreeSet::from(["~".to_owned()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(export_to: &[&str]) -> Visibility {
        Visibility::of(export_to.iter().copied(), "own")
    }

    fn names(of: &[&str]) -> Visibility {
        Visibility::Namespaces(of.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_star_beats_everything() {
        assert_eq!(of(&[".", "*", "~"]), Visibility::Public);
        assert_eq!(of(&["~", "a"]), Visibility::Nobody);
    }

    #[test]
    fn a_dot_is_the_own_namespace() {
        assert_eq!(of(&[".", "b"]), names(&["own", "b"]));
    }

    #[test]
    fn the_default_of_the_mesh_counts_only_without_a_statement() {
        let default = [".".to_owned()];
        assert_eq!(Visibility::with_default(&[], &default, "own"), names(&["own"]));
        assert_eq!(Visibility::with_default(&["*".to_owned()], &default, "own"), Visibility::Public);
        assert_eq!(Visibility::with_default(&[], &[], "own"), Visibility::Public);
    }
}
