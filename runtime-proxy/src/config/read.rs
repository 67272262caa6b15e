//! Reads the file, and says where it is wrong.

use meshc_contract::proxy::{PROXY_CONFIG_VERSION, ProxyConfig};

use super::{ConfigError, place};

/// A configuration as the file says it, and the digest of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    /// What the file says.
    pub(crate) config: ProxyConfig,
    /// SHA-256 of the file, lower-case hex.
    pub(crate) digest: String,
}

/// Reads the text of a file.
///
/// # Errors
/// If it is no JSON, is of another version, or says something that the layout does not know.
pub(crate) fn read(text: &str) -> Result<Source, ConfigError> {
    // The version is looked at by itself: what else is unknown in a newer file is no help to anybody.
    #[derive(serde::Deserialize)]
    struct Version {
        version: serde_json::Value,
    }
    if let Ok(Version { version }) = serde_json::from_str(text)
        && version != PROXY_CONFIG_VERSION
    {
        let problem = format!(
            "this proxy reads version {PROXY_CONFIG_VERSION}, the file is of version {version}; use a proxy of the release that wrote it"
        );
        return Err(ConfigError::new("version", problem));
    }
    let config = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let problem = message.strip_suffix(&place).unwrap_or(&message);
        let problem = format!("{problem} (line {}, column {})", error.line(), error.column());
        ConfigError::new(place::path(text, error.line(), error.column()), problem)
    })?;
    Ok(Source { config, digest: digest(text.as_bytes()) })
}

fn digest(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_refused_whatever_else_the_file_says() {
        let error = read(r#"{"version": 2, "new": true}"#).unwrap_err();
        assert_eq!(error.path, "version");
        assert!(error.problem.contains("version 1"), "{error}");
    }

    #[test]
    fn an_error_names_the_path_of_what_is_wrong() {
        let error = read("{\"version\": 1,\n \"node\": {\"labels\": {\"workload\": 7}}}").unwrap_err();
        assert_eq!(error.path, "node.labels.workload");
        assert!(error.problem.contains("(line 2, column"), "{error}");
        assert!(read("{").unwrap_err().problem.contains("EOF"));
    }

    #[test]
    fn the_digest_is_the_checksum_that_sha256sum_prints() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
