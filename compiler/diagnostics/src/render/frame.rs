//! Code frames: some lines of a file with words under the places that matter. The only module that names miette.
//!
//! miette counts lines from the start of what it is given. It gets a few lines, cut out along the line index, so that
//! the cost does not grow with the place in the file, and cleaned of what a terminal would obey.

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::{printable, printable_char};
use crate::{FileId, Severity, Sources, Span};

/// Lines shown above the first label, which in YAML are where its parents stand.
const LINES_ABOVE: usize = 2;
/// Labels of one file that are at most so many lines apart share a frame.
const LINES_BETWEEN: usize = 4;

/// A place to show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark<'a> {
    pub(super) span: Span,
    pub(super) text: &'a str,
    /// The wrong place itself, not the other end of a reference.
    pub(super) primary: bool,
}

/// How frames look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) color: bool,
    /// Longest line of source text, in characters.
    pub(super) width: usize,
    pub(super) severity: Severity,
}

/// A drawn frame.
#[derive(Debug)]
pub(super) struct Frame {
    /// What the frame is about: its primary mark, else its first.
    pub(super) span: Span,
    /// Width of its line numbers.
    pub(super) number_width: usize,
    /// Its lines, without line breaks.
    pub(super) lines: Vec<String>,
}

/// Draws marks: the frame with the primary mark first, then the others by file and place.
pub(super) fn frames(marks: &[Mark<'_>], sources: &dyn Sources, look: Look) -> Vec<Frame> {
    let mut sorted = marks.to_vec();
    sorted.sort_by_key(|mark| (mark.span, !mark.primary));
    let mut groups: Vec<Vec<Mark<'_>>> = Vec::new();
    for mark in sorted {
        let near =
            |last: &Mark<'_>| last.span.file == mark.span.file && close(last, &mark, sources, look.width);
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(near) => group.push(mark),
            _ => groups.push(vec![mark]),
        }
    }
    groups.sort_by_key(|group| !group.iter().any(|mark| mark.primary));
    groups.iter().map(|group| draw(group, sources, look)).collect()
}

/// Whether two marks of a file, in order, fit into one frame.
fn close(first: &Mark<'_>, second: &Mark<'_>, sources: &dyn Sources, width: usize) -> bool {
    let line = |mark: &Mark<'_>| sources.line_of(mark.span.file, mark.span.start);
    match line(second) - line(first) {
        // A line that is too wide shows only what surrounds one place.
        0 => second.span.start - first.span.start < u32::try_from(width / 2).unwrap_or(u32::MAX),
        lines => lines <= LINES_BETWEEN,
    }
}

fn draw(marks: &[Mark<'_>], sources: &dyn Sources, look: Look) -> Frame {
    let about = marks.iter().find(|mark| mark.primary).or(marks.first());
    let span = about.map_or(Span { file: FileId(0), start: 0, end: 0 }, |mark| mark.span);
    let excerpt = Excerpt::cut(marks, sources, look.width);
    let number_width = (excerpt.first_line + excerpt.line_count).to_string().len();
    let mut lines = Vec::new();
    if !sources.text(span.file).is_empty() {
        let mut drawn = String::new();
        // Neither writing to a string nor reading the excerpt fails; without a frame the rest would still be said.
        if handler(marks, look).render_report(&mut drawn, &excerpt).is_ok() {
            // The first two lines are an empty message and miette's own words for the place, the last one closes.
            let count = drawn.lines().count();
            lines = drawn
                .lines()
                .take(count.saturating_sub(1))
                .skip(2)
                .map(|line| line.trim_end().to_owned())
                .collect();
        }
    }
    Frame { span, number_width, lines }
}

fn handler(marks: &[Mark<'_>], look: Look) -> GraphicalReportHandler {
    let mut styles = if look.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let wrong = match look.severity {
        Severity::Error => styles.error,
        Severity::Warning => styles.warning,
        Severity::Info => styles.advice,
    };
    // miette hands the styles out in the order of places, which is that of the marks.
    styles.highlights = marks.iter().map(|mark| if mark.primary { wrong } else { styles.help }).collect();
    let mut characters = ThemeCharacters::unicode();
    characters.vbar_break = characters.vbar;
    characters.uarrow = '^';
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_links(false)
        .with_context_lines(0)
        .with_wrap_lines(false)
        .without_syntax_highlighting()
}

/// Some lines of a file, made fit to print, with labels at their places in it.
#[derive(Debug)]
struct Excerpt {
    text: String,
    /// From zero.
    first_line: usize,
    line_count: usize,
    labels: Vec<LabeledSpan>,
}

impl Excerpt {
    /// Cuts the lines of marks out of their file; the marks are of one file and in order.
    fn cut(marks: &[Mark<'_>], sources: &dyn Sources, width: usize) -> Self {
        let file = marks.first().map_or(FileId(0), |mark| mark.span.file);
        let line_of = |mark: &Mark<'_>| sources.line_of(file, mark.span.start);
        let first_marked = marks.iter().map(line_of).min().unwrap_or(0);
        let last = marks.iter().map(line_of).max().unwrap_or(0);
        let first = first_marked.saturating_sub(LINES_ABOVE);
        let mut excerpt =
            Self { text: String::new(), first_line: first, line_count: last + 1 - first, labels: Vec::new() };
        for line in first..=last {
            let here: Vec<_> = marks.iter().filter(|mark| line_of(mark) == line).collect();
            excerpt.line(line_text(sources, file, line), &here, width);
        }
        excerpt
    }

    /// Appends a line. One that is too wide is cut to what surrounds its first mark.
    fn line(&mut self, (start, line): (usize, &str), marks: &[&Mark<'_>], width: usize) {
        let column = |byte: usize| {
            let inside = byte.clamp(start, start + line.len()) - start;
            line.char_indices().take_while(|(at, _)| *at < inside).count()
        };
        let count = line.chars().count();
        let begin = if count <= width {
            0
        } else {
            let wanted = marks.first().map_or(0, |mark| column(mark.span.start as usize));
            wanted.saturating_sub(width / 3).min(count - width)
        };
        let mut starts = Vec::new();
        for (at, c) in line.chars().enumerate().skip(begin).take(width) {
            starts.push(self.text.len());
            let cut = (at == begin && begin > 0) || (at + 1 == begin + width && at + 1 < count);
            self.text.push(if cut { '…' } else { shown(c) });
        }
        starts.push(self.text.len());
        self.text.push('\n');
        for mark in marks {
            let place = |byte: u32| starts[column(byte as usize).saturating_sub(begin).min(starts.len() - 1)];
            let (from, to) = (place(mark.span.start), place(mark.span.end));
            let text = Some(printable(mark.text)).filter(|text| !text.is_empty());
            self.labels.push(LabeledSpan::new(text, from, to.saturating_sub(from)));
        }
    }
}

/// A character of the source as it is printed. Tabs are shown, since in YAML they are faults more often than not.
fn shown(c: char) -> char {
    if c == '\t' { '→' } else { printable_char(c) }
}

/// Where a line starts in its file, and its text without the line break.
fn line_text(sources: &dyn Sources, file: FileId, line: usize) -> (usize, &str) {
    let starts = sources.line_starts(file);
    let text = sources.text(file);
    let start = starts.get(line).map_or(text.len(), |start| *start as usize);
    let end = starts.get(line + 1).map_or(text.len(), |end| *end as usize);
    let line = text.get(start..end).unwrap_or("");
    (start, line.trim_end_matches(['\n', '\r']))
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        _lines_before: usize,
        _lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = SourceSpan::from((0, self.text.len()));
        let contents =
            MietteSpanContents::new(self.text.as_bytes(), whole, self.first_line, 0, self.line_count);
        Ok(Box::new(contents))
    }
}

impl std::fmt::Display for Excerpt {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Excerpt {}

impl miette::Diagnostic for Excerpt {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
