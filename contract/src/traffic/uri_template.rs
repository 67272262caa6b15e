//! Paths as URI templates: `*` stands for one segment, `**` for any number of characters, slashes too.

/// Whether a path is of a template.
pub fn matches(template: &str, path: &str) -> bool {
    if let Some(rest) = template.strip_prefix("**") {
        return (0..=path.len()).any(|at| {
            let (inside, behind) = (path.get(..at), path.get(at..));
            inside.is_some_and(|inside| {
                inside.chars().all(|character| character == '/' || may_stand(character))
            }) && behind.is_some_and(|behind| matches(rest, behind))
        });
    }
    if let Some(rest) = template.strip_prefix('*') {
        let segment = path.find(|character| !may_stand(character)).unwrap_or(path.len());
        return (1..=segment).any(|at| path.get(at..).is_some_and(|behind| matches(rest, behind)));
    }
    let mut wanted = template.chars();
    match wanted.next() {
        None => path.is_empty(),
        Some(first) => path.strip_prefix(first).is_some_and(|behind| matches(wanted.as_str(), behind)),
    }
}

/// What may stand in a segment.
fn may_stand(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~%!$&'()*+,;:@=".contains(character)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn one_star_is_one_segment_and_two_are_any_number() {
        assert!(matches("/a/*/c", "/a/b/c") && !matches("/a/*/c", "/a/b/x/c") && !matches("/a/*", "/a/"));
        assert!(matches("/a/**", "/a/b/c") && matches("/a/**", "/a/"));
        assert!(matches("/a/**/z", "/a/b/c/z") && !matches("/a/**/z", "/a/b/c"));
        assert!(matches("/*.html", "/index.html") && !matches("/*.html", "/index.js"));
    }
}
