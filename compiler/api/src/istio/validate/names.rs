//! Host names as Istio's webhook reads them.

/// Whether a text is one label of a host name. Istio takes upper case, unlike RFC 1123.
pub(super) fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// Whether a text is a label, `*`, or `*` in front of a label.
fn is_wildcard_label(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('*') else { return is_label(text) };
    text.len() <= 63 && (rest.is_empty() || is_label(rest.strip_prefix('-').unwrap_or(rest)))
}

fn length(name: &str) -> Result<(), String> {
    match name.len() {
        0 => Err("a host name must not be empty".to_owned()),
        1..=255 => Ok(()),
        _ => Err("a host name must not be longer than 255 characters".to_owned()),
    }
}

/// The labels of a host name, or of its end.
fn labels(name: &str, end: &str) -> Result<(), String> {
    let last = end.rsplit('.').next().unwrap_or(end);
    if last.parse::<i64>().is_ok() {
        return Err(format!("`{name}` is not a host name: its last label must not be a number"));
    }
    // A dot at the end makes a name absolute.
    let relative = end.strip_suffix('.').unwrap_or(end);
    match relative.split('.').find(|label| !is_label(label)) {
        Some(label) => Err(format!("`{name}` is not a host name: label `{label}` is invalid")),
        None => Ok(()),
    }
}

/// A host name without wildcards.
pub(super) fn host_name(name: &str) -> Result<(), String> {
    length(name)?;
    labels(name, name)
}

/// A host name whose first label may be or start with `*`.
pub(super) fn wildcard_host_name(name: &str) -> Result<(), String> {
    length(name)?;
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    if !is_wildcard_label(first) {
        return Err(format!("`{name}` is not a host name: label `{first}` is invalid"));
    }
    rest.map_or(Ok(()), |rest| labels(name, rest))
}

/// As [`wildcard_host_name`], and also the names that gateways of type `AUTO_PASSTHROUGH` make for clusters
/// (`outbound_.80_._.host`), where the name is a server name.
pub(super) fn gateway_host_name(name: &str, server_name: bool) -> Result<(), String> {
    match name.strip_prefix("outbound_.") {
        Some(rest) if server_name => {
            let port = rest.starts_with(|first: char| ('0'..='8').contains(&first));
            length(name).and(port.then_some(()).ok_or_else(|| format!("`{name}` names no port")))
        }
        _ => wildcard_host_name(name),
    }
}

/// A `*` stands alone or as the whole first label.
pub(super) fn whole_wildcard(name: &str) -> Result<(), String> {
    if name.contains('*') && name.len() != 1 && !name.starts_with("*.") {
        return Err(format!("`{name}` has a `*` that is not the whole first label"));
    }
    Ok(())
}

/// Whether two host names have a name in common, as Istio finds it: a wildcard stands for any text in front.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    match (one.strip_prefix('*'), other.strip_prefix('*')) {
        (Some(one), Some(other)) => one.ends_with(other) || other.ends_with(one),
        (Some(suffix), None) => other.ends_with(suffix),
        (None, Some(suffix)) => one.ends_with(suffix),
        (None, None) => one == other,
    }
}

/// Whether every name that the first stands for is one that the second stands for.
pub(super) fn is_within(name: &str, other: &str) -> bool {
    match (name.strip_prefix('*'), other.strip_prefix('*')) {
        (Some(name), Some(other)) => name.ends_with(other),
        (Some(_), None) => false,
        (None, Some(suffix)) => name.ends_with(suffix),
        (None, None) => name == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_and_without_wildcards() {
        for name in ["a", "reviews.default", "istio.io.", "Foo.bar", "1.foo"] {
            assert_eq!(host_name(name), Ok(()), "{name}");
        }
        for name in ["", "*.a", "a..b", "a.1", "-a", "a_b", "foo.*", "default/baz", "b@d"] {
            assert!(host_name(name).is_err(), "{name}");
        }
        for name in ["*", "*.a", "*a.b", "*-a.b", "a.b"] {
            assert_eq!(wildcard_host_name(name), Ok(()), "{name}");
        }
        for name in ["", "a.*", "a*.b", "**.b", "foo.*.bar"] {
            assert!(wildcard_host_name(name).is_err(), "{name}");
        }
        assert_eq!(gateway_host_name("outbound_.80_._.e2e.foobar.mesh", true), Ok(()));
        assert!(gateway_host_name("outbound_.80_._.e2e.foobar.mesh", false).is_err());
        assert!(
            whole_wildcard("*a.com").is_err()
                && whole_wildcard("*.com").is_ok()
                && whole_wildcard("*").is_ok()
        );
    }

    #[test]
    fn wildcards_overlap_with_what_they_stand_for() {
        assert!(overlap("*.foo.bar", "*.bar") && overlap("*", "a.b") && overlap("a.b", "a.b"));
        assert!(!overlap("*.foo", "a.bar") && !overlap("a", "b"));
        assert!(is_within("a.bar", "*.bar") && is_within("*.foo.bar", "*.bar"));
        assert!(!is_within("*.bar", "*.foo.bar") && !is_within("*.bar", "a.bar"));
    }
}
