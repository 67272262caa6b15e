//! Where a file is: its path below the output folder.

use std::fmt;

/// A path below the output folder, with forward slashes. It cannot leave that folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArtifactPath(pub(super) String);

impl ArtifactPath {
    /// A path of these parts, each the name of a folder or of the file. What no file system or ConfigMap takes, and what would
    /// mean another folder, is written as `%` with two hexadecimal digits; so different parts make different paths.
    #[must_use]
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(parts.into_iter().map(escaped).collect::<Vec<_>>().join("/"))
    }

    /// This path below a folder.
    #[must_use]
    pub fn below(&self, folder: &ArtifactPath) -> Self {
        Self(format!("{}/{}", folder.0, self.0))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the file: the last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn escaped(part: &str) -> String {
    let only_dots = part.bytes().all(|byte| byte == b'.');
    let keep = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (byte == b'.' && !only_dots)
    };
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if keep(byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    if text.is_empty() { "%".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::ArtifactPath;

    #[test]
    fn a_path_cannot_leave_the_output_folder() {
        for (parts, path) in [
            (vec!["xds", "default.reviews-v1", "listeners.json"], "xds/default.reviews-v1/listeners.json"),
            (vec!["..", ".", ""], "%2E%2E/%2E/%"),
            (vec!["a/b", "c\\d", "é", "%2F"], "a%2Fb/c%5Cd/%C3%A9/%252F"),
        ] {
            assert_eq!(ArtifactPath::new(parts).as_str(), path);
        }
    }
}
