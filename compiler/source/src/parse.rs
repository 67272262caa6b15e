//! YAML and JSON text to trees. The only module, with `syntax`, that knows the parser library.

use std::sync::Arc;

use granit_parser::{
    ErrorKind, Event, Options, Parser, ScalarStyle, Span as ParserSpan, StructureStyle, options,
};
use meshc_diagnostics::{Diagnostics, FileId, Span, codes};

use crate::build::{Builder, Open, ScalarEvent};
use crate::comment::{Comment, Placement};
use crate::fault::Fault;
use crate::scalar::Tag;
use crate::syntax;
use crate::tree::{NodeId, Tree};

/// The trees of all documents of a text, in order. A broken document becomes a diagnostic; the others are still read.
pub(crate) fn parse(file: FileId, text: &Arc<str>, diagnostics: &mut Diagnostics) -> Vec<(Tree, NodeId)> {
    let mut reader = Reader { file, text, base: 0, trees: Vec::new(), diagnostics };
    while let Some(base) = reader.run() {
        reader.base = base;
    }
    reader.trees
}

struct Reader<'a> {
    file: FileId,
    text: &'a Arc<str>,
    /// Where the parser's text begins in the file.
    base: usize,
    trees: Vec<(Tree, NodeId)>,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    /// Reads up to the end, or up to a place from which a new parser must go on: JSON objects may follow each other
    /// without a separator, which YAML does not know.
    fn run(&mut self) -> Option<usize> {
        let text = &self.text[self.base..];
        let mut parser = Parser::new_from_str_with_options(text, parser_options());
        let mut builder = self.builder();
        loop {
            let result = match parser.next_event()? {
                Ok((Event::StreamEnd, _)) => {
                    self.keep_comments(builder);
                    return None;
                }
                Ok((Event::DocumentEnd, _)) => {
                    let done = std::mem::replace(&mut builder, self.builder());
                    self.finish(done);
                    continue;
                }
                Ok((event, span)) => self.event(&mut builder, event, span),
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(text.len());
                    if *error.kind() == ErrorKind::ExpectedDocumentStart
                        && at > 0
                        && text[at..].starts_with('{')
                    {
                        return Some(self.base + at);
                    }
                    Err(syntax::fault(self.file, self.text, self.base + at, error.kind()))
                }
            };
            if let Err(Fault(finding)) = result {
                self.diagnostics.push(*finding);
                builder = self.builder();
                if !parser.proceed_next_document().unwrap_or(false) {
                    return None;
                }
            }
        }
    }

    fn builder(&self) -> Builder {
        Builder::new(self.file, Arc::clone(self.text))
    }

    fn finish(&mut self, mut builder: Builder) {
        for warning in builder.warnings.drain(..) {
            self.diagnostics.push(warning);
        }
        match builder.finish() {
            Ok(tree) => self.trees.extend(tree),
            Err(Fault(finding)) => self.diagnostics.push(*finding),
        }
    }

    /// Comments behind the last document belong to it.
    fn keep_comments(&mut self, builder: Builder) {
        if let Some((tree, _)) = self.trees.last_mut() {
            tree.comments.extend(builder.into_comments());
        }
    }

    fn event(&self, builder: &mut Builder, event: Event<'_>, span: ParserSpan) -> Result<(), Fault> {
        let (start, end) = self.range(&span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let tag = tag.as_deref().map(|tag| tag_of(&format!("{}{}", tag.handle(), tag.suffix())));
                builder.scalar(ScalarEvent { text, plain, tag, anchor, start, end })
            }
            Event::SequenceStart(style, anchor, _) => {
                builder.open(Open { mapping: false, flow: style == StructureStyle::Flow, anchor, start })
            }
            Event::MappingStart(style, anchor, _) => {
                builder.open(Open { mapping: true, flow: style == StructureStyle::Flow, anchor, start })
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close(end),
            Event::Alias(anchor) => builder.alias(anchor, start, end),
            Event::Comment(text, placement) => {
                let span = Span { file: self.file, start, end };
                builder.comment(Comment { span, text: text.into(), placement: placement_of(placement) });
                Ok(())
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => Ok(()),
            // The parser may learn new events; those that exist and are missing above are switched off.
            _ => {
                let span = Span { file: self.file, start, end };
                Err(Fault::new(&codes::YAML_SYNTAX, "YAML that meshc does not know", span, "not understood"))
            }
        }
    }

    fn range(&self, span: &ParserSpan) -> (u32, u32) {
        let range = span.byte_range().unwrap_or_default();
        let place = |byte: usize| u32::try_from(self.base + byte).unwrap_or(u32::MAX);
        (place(range.start), place(range.end))
    }
}

fn parser_options() -> Options {
    options! {
        // A long block of comments is nothing that endangers us: the file is in memory already.
        max_buffered_comment_events: usize::MAX,
    }
}

fn tag_of(tag: &str) -> Tag {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("null") => Tag::Null,
        Some("binary") => Tag::Binary,
        _ => Tag::Text,
    }
}

fn placement_of(placement: granit_parser::Placement) -> Placement {
    match placement {
        granit_parser::Placement::Above => Placement::Above,
        granit_parser::Placement::Right => Placement::Right,
        _ => Placement::Free,
    }
}
