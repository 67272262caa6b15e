//! Which of two competing objects comes first, and why (translation-spec §0.4).

use crate::{CreationKey, Timestamp};

/// Why one of two objects comes before the other one, where only one of them can have its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precedence {
    /// Both state when they were created, and it is older.
    Age,
    /// Only the other one states when it was created. In a cluster, every object has an age, so that this may turn out otherwise.
    Undated,
    /// The tree does not tell that one of them is older; its name sorts first.
    Name,
    /// Their names are equal, too; its namespace sorts first.
    Namespace,
    /// The tree does not tell that one of them is older, and what competes is known by hosts; its host sorts first.
    Host,
}

impl Precedence {
    /// Why the object with the first key comes before the one with the second.
    #[must_use]
    pub fn of(first: CreationKey<'_>, second: CreationKey<'_>) -> Self {
        let by_name = if first.1 == second.1 { Self::Namespace } else { Self::Name };
        Self::by_time(first.0, second.0).unwrap_or(by_name)
    }

    /// Why the first of two comes before the second where hosts decide between those of one age.
    #[must_use]
    pub fn of_hosts(first: Option<Timestamp>, second: Option<Timestamp>) -> Self {
        Self::by_time(first, second).unwrap_or(Self::Host)
    }

    fn by_time(first: Option<Timestamp>, second: Option<Timestamp>) -> Option<Self> {
        match (first, second) {
            (first, second) if first == second => None,
            (None, _) => Some(Self::Undated),
            (Some(_), _) => Some(Self::Age),
        }
    }

    /// Whether the tree says so itself. Where it does not, people must be told that something else decided.
    #[must_use]
    pub fn is_stated(self) -> bool {
        self == Self::Age
    }

    /// The reason, about the object that comes first ("it is older").
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Age => "it is older",
            Self::Undated => "it states no `creationTimestamp`, which counts as older",
            Self::Name => "its name sorts first",
            Self::Namespace => "its namespace sorts first",
            Self::Host => "its host sorts first",
        }
    }

    /// What to do: what ends the competition, and what decides it where the tree does not.
    #[must_use]
    pub fn help(self, disjoint: &str) -> String {
        if self.is_stated() {
            return disjoint.to_owned();
        }
        format!("{disjoint}; or state `metadata.creationTimestamp` in both, so that their age decides")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(second: u32) -> Option<Timestamp> {
        format!("2024-01-01T00:00:{second:02}Z").parse().ok()
    }

    #[test]
    fn age_decides_only_where_both_objects_state_it() {
        let of = |first, second| Precedence::of((first, "a", "x"), (second, "b", "x"));
        assert_eq!(of(time(1), time(2)), Precedence::Age);
        assert_eq!(of(None, time(2)), Precedence::Undated);
        assert_eq!((of(None, None), of(time(1), time(1))), (Precedence::Name, Precedence::Name));
        assert!(of(time(1), time(2)).is_stated() && !of(None, time(2)).is_stated());
    }

    #[test]
    fn namespaces_decide_between_equal_names_and_hosts_where_objects_have_several() {
        assert_eq!(Precedence::of((None, "a", "x"), (None, "a", "y")), Precedence::Namespace);
        assert_eq!(Precedence::of_hosts(None, None), Precedence::Host);
        assert_eq!(Precedence::of_hosts(time(1), time(2)), Precedence::Age);
    }

    #[test]
    fn a_time_helps_only_where_none_decided() {
        assert_eq!(Precedence::Age.help("keep one"), "keep one");
        assert!(
            Precedence::Name.help("keep one").starts_with("keep one; or state `metadata.creationTimestamp`")
        );
    }
}
