//! Addresses of the web, as Go's library reads them.

/// What an address says before its path.
#[derive(Debug, PartialEq, Eq)]
struct Start<'t> {
    /// In lower case; empty for a relative address.
    scheme: String,
    /// What follows the scheme.
    rest: &'t str,
}

/// An address with scheme `http` or `https`.
pub(super) fn web(text: &str) -> Result<(), String> {
    let start = parsed(text.split('#').next().unwrap_or(text))?;
    match start.scheme.as_str() {
        "http" | "https" => Ok(()),
        _ => Err(format!("`{text}` does not start with `http://` or `https://`")),
    }
}

/// Where a WebAssembly module comes from; without a scheme, an image of a registry.
pub(super) fn module(text: &str) -> Result<(), String> {
    let start = request(text).or_else(|fault| {
        let web = format!("http://{text}");
        match request(&web) {
            Ok(_) => Ok(Start { scheme: "oci".to_owned(), rest: text }),
            Err(_) => Err(fault),
        }
    })?;
    match start.scheme.as_str() {
        "" | "file" | "http" | "https" | "oci" => Ok(()),
        scheme => Err(format!("the scheme `{scheme}` is none of `oci`, `http`, `https` and `file`")),
    }
}

/// An address that can stand in a request: with a scheme, or with a path from the root.
fn request(text: &str) -> Result<Start<'_>, String> {
    let start = parsed(text)?;
    if start.scheme.is_empty() && !text.starts_with('/') {
        return Err(format!("`{text}` is not an address: it has no scheme"));
    }
    Ok(start)
}

fn parsed(text: &str) -> Result<Start<'_>, String> {
    if text.is_empty() {
        return Err("an address must not be empty".to_owned());
    }
    if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("an address must not hold control characters".to_owned());
    }
    let start = scheme(text)?;
    let after = match start.rest.strip_prefix("//") {
        None => start.rest,
        Some(authority) => {
            let end = authority.find(['/', '?']).unwrap_or(authority.len());
            let (authority, path) = authority.split_at(end);
            self::authority(authority).map_err(|fault| format!("`{text}` is not an address: {fault}"))?;
            path
        }
    };
    let path = after.split('?').next().unwrap_or(after);
    if start.scheme.is_empty() && path.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err(format!("`{text}` is not an address: it has a colon in front of the path"));
    }
    if !escaped(path) {
        return Err(format!("`{text}` is not an address: `%` is not followed by two hexadecimal digits"));
    }
    Ok(start)
}

fn scheme(text: &str) -> Result<Start<'_>, String> {
    let relative = Start { scheme: String::new(), rest: text };
    let Some((scheme, rest)) = text.split_once(':') else { return Ok(relative) };
    if scheme.is_empty() {
        return Err(format!("`{text}` is not an address: it has no scheme"));
    }
    let plain = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if plain && scheme.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Ok(Start { scheme: scheme.to_ascii_lowercase(), rest });
    }
    Ok(relative)
}

fn authority(text: &str) -> Result<(), String> {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(plain) || !escaped(user) {
        return Err(format!("`{user}` is not the name of a user"));
    }
    let (name, port) = match host.strip_prefix('[') {
        Some(address) => {
            let (name, after) = address.split_once(']').ok_or("`[` without `]`")?;
            (name, after)
        }
        None => host.find(':').map_or((host, ""), |colon| host.split_at(colon)),
    };
    if !port.is_empty()
        && !port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(format!("`{port}` is not a port"));
    }
    match name.chars().find(|character| " <>\"\\^`{|}".contains(*character)) {
        Some(character) => Err(format!("a host has no `{character}`")),
        None if escaped(name) => Ok(()),
        None => Err("`%` is not followed by two hexadecimal digits".to_owned()),
    }
}

/// Whether every percent sign has its two hexadecimal digits.
fn escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes();
        digits.len() >= 2 && digits.iter().take(2).all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_sets_come_from_the_web() {
        for text in ["https://foo.com/cert", "HTTP://foo", "http://[::1]:80/a?b#c", "https://a.b:"] {
            assert_eq!(web(text), Ok(()), "{text}");
        }
        for text in [
            "foo.com",
            "https://foo.com:not-a-number",
            "hTPp\\\\\u{8}lah",
            "ftp://a",
            "",
            ":a",
            "http://a/%zz",
        ] {
            assert!(web(text).is_err(), "{text}");
        }
    }

    #[test]
    fn modules_come_from_registries_files_and_the_web() {
        for text in [
            "http://test.com/test",
            "oci://a/b",
            "test.com/test",
            "file:///a.wasm",
            "oci://localhost:5000/a:v1",
            "/a",
        ] {
            assert_eq!(module(text), Ok(()), "{text}");
        }
        // What stands before the first colon is a scheme, also where a port was meant.
        for text in ["#%blah$#@", "fake://example.com", "localhost:5000/a:v1"] {
            assert!(module(text).is_err(), "{text}");
        }
    }
}
