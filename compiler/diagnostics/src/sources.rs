//! What a renderer needs to know about the input files.

use crate::FileId;

/// A place that a person can find in an editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from one; a line ends with a line feed.
    pub line: u32,
    /// Column, from one, counted in Unicode scalar values.
    pub column: u32,
}

/// Read access to the input files, so that this crate needs no loader.
///
/// Every method gives an empty answer for a file that is not there: a renderer must print what it can.
pub trait Sources {
    /// Path as shown to people, with forward slashes.
    fn path(&self, file: FileId) -> &str;

    /// The whole text.
    fn text(&self, file: FileId) -> &str;

    /// Byte offset of the first byte of every line, ascending; the first one is zero.
    fn line_starts(&self, file: FileId) -> &[u32];

    /// Number of the line that holds a byte, from zero.
    fn line_of(&self, file: FileId, byte: u32) -> usize {
        self.line_starts(file).partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// Line and column of a byte. An offset inside a character counts as that character; one behind the end, as the end.
    fn position(&self, file: FileId, byte: u32) -> Position {
        let text = self.text(file);
        let byte = byte.min(u32::try_from(text.len()).unwrap_or(u32::MAX));
        let line = self.line_of(file, byte);
        let start = self.line_starts(file).get(line).copied().unwrap_or(0) as usize;
        let mut end = byte as usize;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let column =
            text.get(start..end).map_or(0, |before| before.chars().filter(|c| *c != '\u{feff}').count());
        Position { line: one_based(line), column: one_based(column) }
    }
}

fn one_based(index: usize) -> u32 {
    u32::try_from(index).map_or(u32::MAX, |index| index.saturating_add(1))
}
