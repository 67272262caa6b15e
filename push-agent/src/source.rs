//! Where releases come from.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use crate::bundle::Bundle;
use crate::error::Error;
use crate::{folder, oci};

/// A place that holds a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// An output folder of `meshc build`.
    Folder(PathBuf),
    /// An OCI image layout, and the tag in it where there are several.
    Oci {
        /// The folder that holds `index.json`.
        layout: PathBuf,
        /// `org.opencontainers.image.ref.name` of the manifest.
        tag: Option<String>,
    },
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let Some(layout) = text.strip_prefix("oci:") else {
            return Ok(Self::Folder(text.into()));
        };
        // A colon within a folder is not that of a tag.
        let (layout, tag) = match layout.rsplit_once(':') {
            Some((layout, tag)) if !tag.is_empty() && !tag.contains('/') => (layout, Some(tag.to_owned())),
            _ => (layout, None),
        };
        Ok(Self::Oci { layout: layout.into(), tag })
    }
}

impl Source {
    /// Reads the whole release.
    pub(crate) fn load(&self) -> Result<Bundle, Error> {
        match self {
            Self::Folder(path) => folder::read(path),
            Self::Oci { layout, tag } => oci::read(layout, tag.as_deref()),
        }
    }

    /// A text that changes when the release does, read from little: the manifest of the folder, or the digest in the index.
    pub(crate) fn fingerprint(&self) -> Result<String, Error> {
        match self {
            Self::Folder(path) => folder::fingerprint(path),
            Self::Oci { layout, tag } => oci::fingerprint(layout, tag.as_deref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn a_tag_follows_the_last_colon_of_a_layout() {
        let oci = |layout: &str, tag: Option<&str>| Source::Oci {
            layout: layout.into(),
            tag: tag.map(str::to_owned),
        };
        for (text, source) in [
            ("dist", Source::Folder("dist".into())),
            ("oci:layout", oci("layout", None)),
            ("oci:layout:v1", oci("layout", Some("v1"))),
            ("oci:/a:b/layout", oci("/a:b/layout", None)),
            ("oci:/a:b/layout:v1", oci("/a:b/layout", Some("v1"))),
        ] {
            assert_eq!(text.parse(), Ok(source), "{text}");
        }
    }
}
