//! Which JSON path is at some place of a text.

/// One level that is open where the walk is.
enum Level {
    /// An object, with the member that was begun last.
    Object(String),
    /// An array, with the index of its element.
    Array(usize),
}

/// The path at a line and column (both from 1, the column in bytes), as serde_json tells them: that of the value that ends there or
/// holds it. The text is valid JSON up to there.
pub(super) fn path(text: &str, line: usize, column: usize) -> String {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let end = (before + column).min(text.len());
    let bytes = text.as_bytes();
    let mut levels: Vec<Level> = Vec::new();
    let mut at = 0;
    // Whether the next text is the name of a member.
    let mut naming = false;
    while at < end {
        match bytes[at] {
            b'{' => {
                levels.push(Level::Object(String::new()));
                naming = true;
            }
            b'[' => levels.push(Level::Array(0)),
            // What is wrong with a whole object is told at its end: the path is its own, not that of its last member.
            b'}' | b']' => {
                levels.pop();
                naming = false;
            }
            b',' => match levels.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                Some(Level::Object(_)) => naming = true,
                None => {}
            },
            b'"' => {
                let close = closing_quote(bytes, at + 1);
                if naming && let Some(Level::Object(name)) = levels.last_mut() {
                    *name = String::from_utf8_lossy(&bytes[at + 1..close]).into_owned();
                    naming = false;
                }
                at = close;
            }
            _ => {}
        }
        at += 1;
    }
    spelled(&levels)
}

/// Where a text ends: at its quote, or with everything.
fn closing_quote(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

fn spelled(levels: &[Level]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Array(index) => path.push_str(&format!("[{index}]")),
            Level::Object(name) if name.is_empty() => {}
            Level::Object(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Level::Object(name) => path.push_str(&format!("[\"{name}\"]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_before(text: &str) -> String {
        let (before, after) = text.split_once('^').unwrap();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().len();
        path(&format!("{before}{after}"), line, column)
    }

    #[test]
    fn the_path_is_that_of_the_value_at_the_place() {
        assert_eq!(path_before(r#"{"a": [1, {"b": "x"^}]}"#), "a[1].b");
        assert_eq!(path_before(r#"{"a": [1, {"b": "x"}^]}"#), "a[1]");
        assert_eq!(
            path_before("{\"a\": 1,\n \"outbound|80||h\": {\"x, y\": 3^}}"),
            r#"["outbound|80||h"]["x, y"]"#
        );
        assert_eq!(path_before(r#"{"a": "\"{[", "b": t^}"#), "b");
        assert_eq!(path_before("^"), "");
    }
}
