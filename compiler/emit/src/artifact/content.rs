//! What is in a file: texts that other files may share, written one after the other.

use std::io::{self, Write};
use std::sync::Arc;

use memchr::memchr_iter;

/// The content of a file: texts one after the other, shared with the other files that hold them.
#[derive(Debug, Clone, Default)]
pub struct Content {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Fixed(&'static str),
    Text(Arc<str>),
    Elements { elements: Arc<[Arc<str>]>, indent: usize, first: &'static str },
    Nested(Content, usize),
}

/// Spaces enough for every indentation.
const SPACES: &str = "                                ";

impl Content {
    /// An empty file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text that is part of every such file.
    pub fn push_fixed(&mut self, text: &'static str) {
        self.pieces.push(Piece::Fixed(text));
    }

    /// Adds a text.
    pub fn push(&mut self, text: impl Into<Arc<str>>) {
        self.pieces.push(Piece::Text(text.into()));
    }

    /// Adds the elements of a list: every line indented by that many spaces, at most 32, with a comma and a newline between two
    /// elements.
    pub fn push_elements(&mut self, elements: Arc<[Arc<str>]>, indent: usize) {
        self.push_members(elements, indent, "");
    }

    /// Adds the elements of a list in the same way, each of them an object with at least one member, and `first` in front of
    /// that member.
    pub fn push_members(&mut self, elements: Arc<[Arc<str>]>, indent: usize, first: &'static str) {
        self.pieces.push(Piece::Elements { elements, indent: indent.min(SPACES.len()), first });
    }

    /// Adds another content with every line but empty ones indented by that many spaces, at most 32.
    pub fn push_nested(&mut self, content: &Content, indent: usize) {
        if indent == 0 {
            self.pieces.extend(content.pieces.iter().cloned());
            return;
        }
        self.pieces.push(Piece::Nested(content.clone(), indent.min(SPACES.len())));
    }

    /// Writes the whole content.
    ///
    /// # Errors
    ///
    /// What the writer reports.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<()> {
        self.for_each(&mut |text| writer.write_all(text.as_bytes()))
    }

    /// The whole content.
    #[must_use]
    pub fn to_text(&self) -> String {
        if let [Piece::Text(text)] = self.pieces.as_slice() {
            return text.to_string();
        }
        let least = |piece: &Piece| match piece {
            Piece::Fixed(text) => text.len(),
            Piece::Text(text) => text.len(),
            Piece::Elements { elements, .. } => elements.iter().map(|element| element.len()).sum(),
            Piece::Nested(_, _) => 0,
        };
        // Indentation takes about a third more.
        let least: usize = self.pieces.iter().map(least).sum();
        let mut text = String::with_capacity(least + least / 3);
        let Ok(()) = self.for_each(&mut |part| {
            text.push_str(part);
            Ok::<(), std::convert::Infallible>(())
        });
        text
    }

    /// Number of bytes of the whole content.
    #[must_use]
    pub fn size(&self) -> usize {
        let mut size = 0;
        let Ok(()) = self.for_each(&mut |part| {
            size += part.len();
            Ok::<(), std::convert::Infallible>(())
        });
        size
    }

    /// Gives the texts of the content, one after the other.
    pub(crate) fn for_each<E>(&self, take: &mut dyn FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(text) => take(text)?,
                Piece::Text(text) => take(text)?,
                Piece::Elements { elements, indent, first } => {
                    for (index, element) in elements.iter().enumerate() {
                        if index > 0 {
                            take(",\n")?;
                        }
                        indented(element, &SPACES[..*indent], first, take)?;
                    }
                }
                Piece::Nested(content, indent) => {
                    let mut starts_line = true;
                    content.for_each(&mut |text| {
                        for line in lines(text) {
                            if starts_line && line != "\n" {
                                take(&SPACES[..*indent])?;
                            }
                            take(line)?;
                            starts_line = line.ends_with('\n');
                        }
                        Ok(())
                    })?;
                }
            }
        }
        Ok(())
    }
}

/// The lines of a text, each with the newline that ends it.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let ends = memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
    let last = (!text.is_empty() && !text.ends_with('\n')).then_some(text.len());
    let mut start = 0;
    ends.chain(last).map(move |end| {
        let line = &text[start..end];
        start = end;
        line
    })
}

/// Gives an element line by line, with a text behind its opening brace.
fn indented<E>(
    element: &str,
    indent: &str,
    first: &str,
    take: &mut dyn FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let mut rest = element;
    take(indent)?;
    if let (false, Some(members)) = (first.is_empty(), element.strip_prefix('{')) {
        take("{")?;
        take(first)?;
        rest = members;
    }
    let mut lines = lines(rest);
    lines.next().map_or(Ok(()), &mut *take)?;
    for line in lines {
        take(indent)?;
        take(line)?;
    }
    Ok(())
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        let mut content = Self::new();
        content.push(text);
        content
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Content, lines};

    #[test]
    fn elements_are_indented_line_by_line() {
        let mut content = Content::new();
        content.push_fixed("[\n");
        content.push_elements([Arc::from("{\n \"a\": 1\n}"), Arc::from("2")].into(), 2);
        content.push("\n]\n".to_owned());
        assert_eq!(content.to_text(), "[\n  {\n   \"a\": 1\n  },\n  2\n]\n");
        let mut written = Vec::new();
        content.write_to(&mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), content.to_text());
    }

    #[test]
    fn a_member_is_put_in_front_of_those_of_each_element() {
        let mut content = Content::new();
        content.push_members([Arc::from("{\n \"a\": 1\n}"), Arc::from("{\"b\":2}")].into(), 1, "\"x\": 0,");
        assert_eq!(content.to_text(), " {\"x\": 0,\n  \"a\": 1\n },\n {\"x\": 0,\"b\":2}");
        assert_eq!(content.size(), content.to_text().len());
    }

    #[test]
    fn lines_keep_the_newlines_that_end_them() {
        for text in ["", "\n", "a", "a\n", "a\n\nb", "\n\na\n"] {
            assert_eq!(lines(text).collect::<Vec<_>>(), text.split_inclusive('\n').collect::<Vec<_>>());
        }
    }
}
