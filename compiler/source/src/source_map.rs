//! The files of a run and their lines.

use std::sync::Arc;

use meshc_diagnostics::{FileId, Sources, Span};

/// All files of the input, by [`FileId`].
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

#[derive(Debug, Clone)]
struct SourceFile {
    path: String,
    text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceMap {
    /// Adds a file; ids count up from zero.
    ///
    /// Spans are 32 bits wide, so text behind the first 4 GiB has no place; `disk` refuses files long before that.
    pub(crate) fn add(&mut self, path: String, text: Arc<str>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let line_feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let next_lines = line_feeds.filter_map(|(at, _)| u32::try_from(at + 1).ok());
        let line_starts = std::iter::once(0).chain(next_lines).collect();
        self.files.push(SourceFile { path, text, line_starts });
        id
    }

    /// Number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Ids of all files, in the order of their paths.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + '_ {
        (0..self.files.len()).filter_map(|index| u32::try_from(index).ok()).map(FileId)
    }

    /// The bytes under a span; empty when the span does not fit the file.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The text of a file, to be shared with a thread that parses it; `None` for a file that is not there.
    #[must_use]
    pub fn shared_text(&self, file: FileId) -> Option<&Arc<str>> {
        self.files.get(file.0 as usize).map(|file| &file.text)
    }
}

impl Sources for SourceMap {
    fn path(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |file| &file.path)
    }

    fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |file| &file.text)
    }

    fn line_starts(&self, file: FileId) -> &[u32] {
        self.files.get(file.0 as usize).map_or(&[], |file| &file.line_starts)
    }
}
