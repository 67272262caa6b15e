//! `rotation.yaml`: how far a rotation has come.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use meshc_contract::Lifetime;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::store::AUTHORITY_FILES;
use crate::{CaError, rfc3339};

/// The state's file in the folder of an authority.
pub(crate) const ROTATION: &str = "rotation.yaml";
/// The folder of the new authority within that of the old one.
pub(crate) const NEXT: &str = "next";

const VERSION: u32 = 1;

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RotationPhase {
    /// A run was killed while it wrote `next/`: what is there counts for nothing.
    Staging,
    /// Proxies learn to trust the new root; leaves are still of the old one.
    Add,
    /// Leaves are of the new root; the old one is still trusted.
    Switch,
    /// The files of `next/` are taking the places of those beside it; what is left in it counts.
    Promoting,
    /// `next/` is being deleted: it counts for nothing.
    Aborting,
    /// No rotation is under way. It tells when the last one ended.
    Done,
}

impl std::fmt::Display for RotationPhase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Staging => "staging",
            Self::Add => "add",
            Self::Switch => "switch",
            Self::Promoting => "promoting",
            Self::Aborting => "aborting",
            Self::Done => "done",
        })
    }
}

/// The content of `rotation.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// How far it has come.
    pub phase: RotationPhase,
    /// When it came there.
    pub since: OffsetDateTime,
    /// SHA-256 of the old root's certificates, lower-case hexadecimal.
    pub old_root: String,
    /// SHA-256 of the new root's certificates; that of the old one when only the intermediate was replaced.
    pub new_root: String,
    /// From `switch` on: the longest life of a leaf that the old authority issued, as far as it is known.
    pub longest_leaf: Option<Lifetime>,
    /// While promoting: the files that `next/` held when that began.
    pub(crate) files: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    version: u32,
    phase: RotationPhase,
    since: String,
    old_root: String,
    new_root: String,
    longest_leaf: Option<Lifetime>,
    #[serde(default)]
    files: Vec<String>,
}

impl Rotation {
    /// The state of the authority in a folder; `None` before its first rotation.
    ///
    /// # Errors
    /// [`CaError::RotationState`] for a file that meshc did not write, [`CaError::Io`].
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>, CaError> {
        let path = dir.join(ROTATION);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map(Some).map_err(|reason| wrong(path, &reason)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(CaError::io("read", &path)(error)),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let Written { version, phase, since, old_root, new_root, longest_leaf, files } =
            serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        if version != VERSION {
            return Err(format!("it is of version {version}, this meshc reads version {VERSION}"));
        }
        let since = OffsetDateTime::parse(&since, &Rfc3339)
            .map_err(|error| format!("`since` is no time ({error})"))?;
        if phase == RotationPhase::Switch && longest_leaf.is_none() {
            return Err("`longestLeaf` is missing".to_owned());
        }
        let known = |name: String| {
            let found = AUTHORITY_FILES.into_iter().find(|known| *known == name);
            found.ok_or_else(|| format!("`{}` is no file of an authority", name.escape_debug()))
        };
        let files = files.into_iter().map(known).collect::<Result<_, _>>()?;
        Ok(Self { phase, since, old_root, new_root, longest_leaf, files })
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        let Self { phase, since, old_root, new_root, longest_leaf, files } = self;
        let mut text = format!(
            "# How far the rotation of the root has come. Written by `meshc ca rotate`; commit it with this folder.\n\
             version: {VERSION}\nphase: {phase}\nsince: \"{}\"\noldRoot: \"{old_root}\"\nnewRoot: \"{new_root}\"\n",
            rfc3339(*since)
        );
        if let Some(longest) = longest_leaf {
            let _ = writeln!(text, "longestLeaf: {longest}");
        }
        if !files.is_empty() {
            let _ = writeln!(text, "files: [{}]", files.join(", "));
        }
        text
    }
}

pub(super) fn wrong(path: PathBuf, reason: &str) -> CaError {
    CaError::RotationState { path, reason: format!("{reason}; restore it as it was committed") }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn rotation() -> Rotation {
        Rotation {
            phase: RotationPhase::Promoting,
            since: datetime!(2026-11-24 12:00:00 UTC),
            old_root: "1e5".to_owned(),
            new_root: "00".to_owned(),
            longest_leaf: "24h".parse().ok(),
            files: vec!["root.crt", "root.key.age"],
        }
    }

    #[test]
    fn a_state_reads_back_as_it_was_written() {
        let mut rotation = rotation();
        assert_eq!(Rotation::parse(&rotation.text()).unwrap(), rotation);
        rotation.phase = RotationPhase::Add;
        rotation.longest_leaf = None;
        rotation.files = Vec::new();
        assert_eq!(Rotation::parse(&rotation.text()).unwrap(), rotation);
    }

    #[test]
    fn a_state_that_meshc_would_not_write_is_refused() {
        let text = rotation().text();
        for (from, to, said) in [
            ("version: 1", "version: 2", "version 2"),
            ("phase: promoting", "phase: later", "later"),
            ("2026-11-24T", "yesterday ", "no time"),
            ("root.key.age", "../../etc/passwd", "no file of an authority"),
            ("phase: promoting", "phase: promoting\nforce: true", "force"),
            ("phase: promoting\n", "", "phase"),
        ] {
            let error = Rotation::parse(&text.replace(from, to)).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        let switch = text.replace("promoting", "switch").replace("longestLeaf: 24h\n", "");
        assert!(Rotation::parse(&switch).unwrap_err().contains("longestLeaf"));
    }
}
