//! The canonical layout of JSON: made to be read and compared line by line.
//!
//! Enters: JSON text without insignificant space, as `serde_json` writes it. Leaves: the same value. A list or an object that
//! fits on a line stands on one; any other has one element a line, indented by one space, since Envoy's messages nest deeply.

/// Longest line that is filled; a string alone may be longer.
const WIDTH: usize = 120;

/// Lays out compact JSON. The text must be what `serde_json` prints; anything else is laid out as well as possible.
#[must_use]
pub fn layout(compact: &str) -> String {
    let mut layout = Layout {
        text: compact,
        bytes: compact.as_bytes(),
        containers: measure(compact.as_bytes()),
        next: 0,
        out: String::with_capacity(compact.len() + compact.len() / 4),
    };
    layout.value(0, 0, 0);
    layout.out
}

/// Takes the space away that JSON does not need.
#[must_use]
pub fn dense(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at),
            b' ' | b'\n' | b'\t' | b'\r' => {
                out.push_str(&text[copied..at]);
                copied = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    out.push_str(&text[copied.min(text.len())..]);
    out
}

/// A list or an object: where it ends and how long it is on one line.
struct Container {
    end: usize,
    length: usize,
}

/// Finds the containers of a text, in the order in which they open.
fn measure(bytes: &[u8]) -> Vec<Container> {
    let mut containers = Vec::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    // One space follows every colon and comma on a line.
    let mut spaces = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at),
            b'{' | b'[' => {
                open.push((containers.len(), spaces));
                containers.push(Container { end: at, length: 0 });
            }
            b':' | b',' => spaces += 1,
            b'}' | b']' => {
                if let Some((index, spaces_before)) = open.pop() {
                    let start = containers[index].end;
                    containers[index] =
                        Container { end: at, length: at + 1 - start + spaces - spaces_before };
                }
            }
            _ => {}
        }
        at += 1;
    }
    containers
}

/// The closing quote of the string that starts here.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

struct Layout<'t> {
    text: &'t str,
    bytes: &'t [u8],
    containers: Vec<Container>,
    next: usize,
    out: String,
}

impl Layout<'_> {
    /// Writes the value at a byte and returns the byte behind it. `used` counts what stands on the line already.
    fn value(&mut self, at: usize, indent: usize, used: usize) -> usize {
        match self.bytes.get(at) {
            Some(b'{' | b'[') => {
                let Some(Container { end, length }) = self.containers.get(self.next) else {
                    return self.bytes.len();
                };
                let (end, length) = (*end, *length);
                // A comma may follow.
                if used + length < WIDTH || end == at + 1 {
                    self.inline(at, end);
                } else {
                    self.next += 1;
                    self.lines(at, end, indent);
                }
                end + 1
            }
            _ => {
                let end = self.scalar_end(at);
                self.out.push_str(&self.text[at..end]);
                end
            }
        }
    }

    /// Writes a container on the line.
    fn inline(&mut self, start: usize, end: usize) {
        let (mut at, mut copied) = (start, start);
        while at <= end {
            match self.bytes[at] {
                b'"' => at = string_end(self.bytes, at),
                b'{' | b'[' => self.next += 1,
                b':' | b',' => {
                    self.out.push_str(&self.text[copied..=at]);
                    self.out.push(' ');
                    copied = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        self.out.push_str(&self.text[copied..=end]);
    }

    /// Writes a container with an element a line.
    fn lines(&mut self, start: usize, end: usize, indent: usize) {
        self.out.push(char::from(self.bytes[start]));
        let mut at = start + 1;
        while at < end {
            self.line(indent + 1);
            let mut used = indent + 1;
            if self.bytes[start] == b'{' {
                let key_end = string_end(self.bytes, at);
                self.out.push_str(&self.text[at..=key_end]);
                self.out.push_str(": ");
                used += key_end + 1 - at + 2;
                at = key_end + 2;
            }
            at = self.value(at, indent + 1, used);
            if self.bytes.get(at) == Some(&b',') {
                self.out.push(',');
                at += 1;
            }
        }
        self.line(indent);
        self.out.push(char::from(self.bytes[end]));
    }

    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn scalar_end(&self, at: usize) -> usize {
        if self.bytes.get(at) == Some(&b'"') {
            return (string_end(self.bytes, at) + 1).min(self.bytes.len());
        }
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']')).unwrap_or(rest.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{dense, layout};

    #[test]
    fn what_is_laid_out_and_made_dense_again_is_as_before() {
        let value: Value =
            (0..40).map(|n| json!({"na me": format!("a \\ \" {n}\n"), "list": vec![n; 12]})).collect();
        assert_eq!(dense(&layout(&value.to_string())), value.to_string());
    }

    #[test]
    fn what_fits_on_a_line_stands_on_one() {
        let value = json!({"a": [1, 2, {"b": "x,y:{z}"}], "c": {}, "d": []});
        assert_eq!(layout(&value.to_string()), r#"{"a": [1, 2, {"b": "x,y:{z}"}], "c": {}, "d": []}"#);
    }

    #[test]
    fn what_does_not_fit_has_an_element_a_line() {
        let long = "x".repeat(100);
        let value = json!({"first": {"long": long, "short": [1, 2]}, "second": {}});
        let expected =
            format!("{{\n \"first\": {{\"long\": \"{long}\", \"short\": [1, 2]}},\n \"second\": {{}}\n}}");
        assert_eq!(
            layout(&value.to_string()),
            expected.replace(
                &format!("{{\"long\": \"{long}\", \"short\": [1, 2]}}"),
                &format!("{{\n  \"long\": \"{long}\",\n  \"short\": [1, 2]\n }}"),
            )
        );
    }

    #[test]
    fn no_line_but_a_long_string_is_longer_than_the_width() {
        let value: Value =
            (0..40).map(|n| json!({"name": format!("element-{n}"), "list": vec![n; 12]})).collect();
        for line in layout(&json!({"outer": {"inner": value}}).to_string()).lines() {
            assert!(line.len() <= 120, "{line}");
        }
    }

    #[test]
    fn the_value_stays_the_same() {
        let value = json!({
            "escapes": "a\"b\\c\nd\u{1}é😀", "empty": ["", {}, [], [[]], null, true, -1.5e3],
            "nested": [[[[{"k": ["v".repeat(130), "w".repeat(130)]}]]]],
        });
        let printed = layout(&value.to_string());
        assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), value);
    }

    proptest::proptest! {
        #[test]
        fn any_value_stays_the_same(texts in proptest::collection::vec(".{0,60}", 0..30), depth in 0usize..6) {
            let mut value: Value = texts.iter().map(|text| json!({"k": text, text.clone(): [text]})).collect();
            for _ in 0..depth {
                value = json!({"a": value, "b": [1, "x"]});
            }
            let printed = layout(&value.to_string());
            proptest::prop_assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), value);
        }
    }
}
